/** roofline: the ceilings of WebAssembly on this machine, which the other cpu benches are measured against. */
import type { Row } from "./support/harness.ts";
import { RUNS } from "./support/harness.ts";
import { perThreads } from "./support/per-threads.ts";
import { ceilings } from "./support/roofline.ts";

await perThreads("roofline", import.meta.url, async (threads): Promise<readonly Row[]> => {
  const machine = await ceilings(threads);
  const { multiplyAdd, relaxed, read } = machine.measure();
  machine.close();
  const row = (name: string, llmc: number, unit: string): Row => ({
    ...{ name: `${name}, ${threads} thread${threads === 1 ? "" : "s"}`, llmc, unit },
    ...{ peer: null, peerName: null, ratio: null, better: "higher", runs: RUNS },
  });
  return [
    row("multiply, add", multiplyAdd, "GFLOP/s"),
    ...(relaxed === undefined ? [] : [row("relaxed_madd", relaxed, "GFLOP/s")]),
    row("read", read, "GB/s"),
  ];
});
