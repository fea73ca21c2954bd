/** Bugs planted one at a time into correct kernels by a change of their text: each is found, of its kind, in its line. */
import { beforeEach, describe, expect, it } from "vitest";
import { SimError, compileSim, simProblem } from "../support/cuda-sim.ts";
import { KNOWN, bytesOf, kernelText } from "./known-kernels.ts";
import { BUGS } from "./planted-bugs.ts";

const problem = simProblem();
beforeEach(({ skip }) => {
  if (problem !== undefined) skip(problem);
});

/** The number of the first line with `part` that is not before the kernel's own; helpers stand before it. */
function lineOf(text: string, part: string, kernel: string): number | undefined {
  if (part === "") return undefined;
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.includes(`${kernel}(`));
  const found = lines.findIndex((line, i) => i >= start && line.includes(part));
  return (found < 0 ? lines.findIndex((line) => line.includes(part)) : found) + 1;
}

describe("a planted bug", () => {
  it.for(BUGS)("$name is found", async (bug) => {
    const { file, launch } = KNOWN[bug.in];
    const correct = kernelText(file);
    const place = correct.indexOf(bug.from, correct.indexOf(`${launch.kernel}(`));
    const helper = correct.indexOf(bug.from);
    const at = bug.from === "" ? 0 : place < 0 ? helper : place;
    expect(at, "the text to change is there").toBeGreaterThanOrEqual(0);
    const text = correct.slice(0, at) + bug.to + correct.slice(at + bug.from.length);
    const sim = await compileSim(text, [launch.kernel]);
    try {
      const failed = await sim.launch(bug.launch?.(launch) ?? launch).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failed).toBeInstanceOf(SimError);
      const { kind, line, message, place: where } = failed as SimError;
      expect(kind, message).toBe(bug.kind);
      expect(message).toMatch(bug.message);
      if (bug.line !== "") expect(line, message).toBe(lineOf(text, bug.line, launch.kernel));
      expect(where.kernel).toBe(launch.kernel);
      expect(where.thread === undefined).toBe(bug.kind === "launch");
    } finally {
      sim.close();
    }
  });

  it("in the arithmetic is found by its result: a sum that is kept in a half", async () => {
    const text = kernelText("small-floats.cu");
    const changed = text
      .replace(
        "fmaf(__half2float(va.x), __half2float(vb.x), sum)",
        "__half2float(__hfma(va.x, vb.x, __float2half(sum)))",
      )
      .replace("sum += __shfl_xor_sync", "sum = sum + __shfl_xor_sync");
    const ones = new Uint16Array(4 * 32 * 100).map((_, i) => (i % 4 === 0 ? 0x3c00 : 0x2000));
    const buffer = { bytes: bytesOf(ones), access: "read", isFilled: true } as const;
    const out = { bytes: new Uint8Array(4), access: "read_write", isFilled: false } as const;
    const results: number[] = [];
    for (const source of [text, changed]) {
      const sim = await compileSim(source, ["dot"]);
      const launch = { kernel: "dot", grid: [1, 1, 1], block: [32, 1, 1] } as const;
      const scalars = [{ type: "i32", value: 3200 }] as const;
      const { buffers } = await sim.launch({ ...launch, buffers: [buffer, buffer, out], scalars });
      results.push(new Float32Array(buffers[2]!.slice().buffer)[0]!);
      sim.close();
    }
    // 3200 ones and 9600 products of 2^-14, which a half near 100 cannot take.
    const exact = 3200 + 9600 * 2 ** -14;
    expect(Math.abs(results[0]! - exact)).toBe(0);
    expect(Math.abs(results[1]! - exact)).toBeGreaterThan(0.1);
  });
});
