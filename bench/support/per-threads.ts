/**
 * One bench for several numbers of threads: the peers fix theirs when they start, so each number gets a process of its
 * own, in which the contestants meet. The parent gathers the rows.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Row } from "./harness.ts";
import { machine, report } from "./harness.ts";

const VARIABLE = "LLMC_BENCH_THREADS";
export const THREADS = [1, 2] as const;

/** Runs `rowsOf` with each number of threads and reports; `entry` is the `import.meta.url` of the bench. */
export async function perThreads(
  bench: string,
  entry: string,
  rowsOf: (threads: number) => Promise<readonly Row[]>,
): Promise<void> {
  const own = process.env[VARIABLE];
  if (own !== undefined) {
    process.stdout.write(JSON.stringify(await rowsOf(Number(own))), () => process.exit(0));
    return;
  }
  const rows = THREADS.flatMap((threads): readonly Row[] => {
    const env = { ...process.env, [VARIABLE]: `${threads}` };
    const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(entry)], { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 26 }); // prettier-ignore
    if (status !== 0) throw new Error(`${bench} with ${threads} threads ended with ${status}`);
    return JSON.parse(stdout) as readonly Row[];
  });
  report(bench, machine(), rows, process.argv.includes("--json"));
}
