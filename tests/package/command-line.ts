/** Runs `llmc` as a script does: a child process of the bundled command line, its exit code and what it printed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const LLMC = fileURLToPath(new URL("../../dist/llmc.mjs", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The environment of a machine without any Vulkan driver. */
export const NO_ADAPTER = { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" };

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs one command line in the repository. */
export function llmc(args: readonly string[], { env = {}, cwd = ROOT }: RunOptions = {}): Ended {
  const child = spawnSync(process.execPath, [LLMC, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  return { exitCode: child.status, stdout: child.stdout, stderr: child.stderr };
}

/** The path of the bundle, for tests that start the process themselves. */
export const LLMC_BUNDLE = LLMC;

export type Json = Readonly<Record<string, unknown>>;

/** Runs with `--json`: the exit code and the one document on stdout. Throws where stdout holds anything else. */
export function llmcJson(
  args: readonly string[],
  options: RunOptions = {},
): Json & { readonly exitCode: number | null } {
  const { exitCode, stdout } = llmc([...args, "--json"], options);
  if (!stdout.endsWith("\n") || stdout.indexOf("\n") !== stdout.length - 1)
    throw new Error(`stdout is not one line: ${stdout.slice(0, 500)}`);
  return { exitCode, ...(JSON.parse(stdout) as Json) };
}
