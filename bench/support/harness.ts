/**
 * How things are timed (all of `bench/` uses this): contestants run in one process, interleaved A-B-A-B, at least nine
 * times after three warm-ups, and the median counts. Ratios are better than figures: these machines are shared.
 */
import os from "node:os";
import { median } from "../../src/support/median.ts";

export { median };

export interface Row {
  readonly name: string;
  readonly llmc: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** Over 1 means that llmc is better. */
  readonly ratio: number | null;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly runs: number;
}

export interface Contestant {
  readonly name: string;
  /** Does the work once and waits for it. */
  run(): Promise<void>;
}

export const WARM_UPS = 3;
export const RUNS = 9;

/** Threads of a contestant that look for work for a while after its run would take a processor from the next one. */
const SETTLE_MS = 20;

/** Median seconds of each contestant, in their order. */
export async function interleaved(contestants: readonly Contestant[], runs = RUNS): Promise<readonly number[]> {
  const seconds: number[][] = contestants.map(() => []);
  for (let round = -WARM_UPS; round < runs; round++)
    for (const [index, contestant] of contestants.entries()) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const start = performance.now();
      await contestant.run();
      if (round >= 0) seconds[index]?.push((performance.now() - start) / 1000);
    }
  return seconds.map(median);
}

export function machine(adapter?: string): string {
  const cpu = os.cpus()[0]?.model ?? "unknown";
  return `${os.cpus().length} x ${cpu}, Node ${process.versions.node}${adapter === undefined ? "" : `, ${adapter}`}`;
}

/** Prints the table, or with `json` the document of ECOSYSTEM.md. */
export function report(bench: string, machineName: string, rows: readonly Row[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: true, bench, machine: machineName, rows })}\n`);
    return;
  }
  process.stdout.write(`${bench} on ${machineName}\n`);
  for (const row of rows) {
    const peer = row.peer === null ? "" : `  ${row.peerName} ${figure(row.peer)} ${row.unit}  ratio ${figure(row.ratio ?? NaN)}`; // prettier-ignore
    process.stdout.write(`  ${row.name.padEnd(28)} llmc ${figure(row.llmc)} ${row.unit}${peer}\n`);
  }
}

function figure(x: number): string {
  return x >= 100 ? x.toFixed(0) : x >= 1 ? x.toFixed(2) : x.toPrecision(3);
}
