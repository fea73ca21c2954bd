/**
 * The package of examples/moby, made as a user makes it: built by the command line, packed by npm, installed from the
 * tarball in an empty project. `webgpu`, the optional peer, is a link to the one of this checkout. Needs `dist/`, which
 * `scripts/prepare.mjs` makes.
 */
import { execFileSync } from "node:child_process";
import type { ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface MobyPrompt {
  readonly prompt: string;
  readonly tokens: readonly number[];
  /** 100 greedy tokens in float64 on the stored weights. */
  readonly greedy: readonly number[];
}

/** Recorded with PyTorch. */
export function mobyPrompts(): readonly MobyPrompt[] {
  const text = readFileSync(join(ROOT, "tests/fixtures/moby/expected.json"), "utf8");
  const { prompts } = JSON.parse(text) as { prompts: Record<string, Omit<MobyPrompt, "prompt">> };
  return Object.entries(prompts).map(([prompt, { tokens, greedy }]) => ({ prompt, tokens, greedy }));
}

export interface MobyProject {
  /** A user's project: `import ... from "moby"` works in its files. */
  readonly folder: string;
  /** The installed package. */
  readonly package: string;
  /** Runs a module of the project; its stdout. Throws where it fails or does not end within two minutes. */
  run(name: string, text: string): string;
  remove(): void;
}

/** Builds, packs and installs; about three seconds. */
export function installMoby(targets = "webgpu,js"): MobyProject {
  const folder = mkdtempSync(join(tmpdir(), "llmc-moby-"));
  const built = join(folder, "built", "moby");
  mkdirSync(join(folder, "built"));
  const quietly: ExecFileSyncOptionsWithStringEncoding = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
  execFileSync(process.execPath, [join(ROOT, "dist/llmc.mjs"), "build", join(ROOT, "examples/moby"), "--target", targets, "--out", built, "--json"], quietly); // prettier-ignore
  execFileSync("npm", ["pack", "--silent", "--pack-destination", join(folder, "built")], { ...quietly, cwd: built });
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "user", "type": "module", "private": true }');
  execFileSync("npm", ["install", "../built/moby-1.0.0.tgz", "--offline", "--no-audit", "--no-fund"], { ...quietly, cwd: project }); // prettier-ignore
  symlinkSync(join(ROOT, "node_modules/webgpu"), join(project, "node_modules/webgpu"));
  return {
    folder: project,
    package: join(project, "node_modules/moby"),
    run: (name, text) => {
      writeFileSync(join(project, name), text);
      return execFileSync(process.execPath, [name], { ...quietly, cwd: project, timeout: 120_000 });
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** What TypeScript says about `text` as a strict consumer; "" where it has no complaint. */
export function typeCheck(project: string, name: string, text: string, module: "nodenext" | "bundler"): string {
  writeFileSync(join(project, name), text);
  const resolution = module === "nodenext" ? ["--module", "nodenext"] : ["--module", "esnext", "--moduleResolution", "bundler"]; // prettier-ignore
  const options = ["--strict", "--noEmit", ...resolution, "--target", "es2022", "--skipLibCheck", "false"];
  try {
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), [...options, name], { cwd: project, encoding: "utf8" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
