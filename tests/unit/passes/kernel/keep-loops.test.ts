/** keep-loops: which bounds it hides, and that the kernel computes the same. */
import { describe, expect, it } from "vitest";
import { keepKernelLoops } from "../../../../passes/kernel/keep-loops.ts";
import { KernelBuilder } from "../../../../src/kernel/builder.ts";
import { interpretKernel } from "../../../../src/kernel/interpret.ts";
import type { Kernel } from "../../../../src/kernel/ir.ts";
import { printKernel } from "../../../../src/kernel/print.ts";
import { verifyKernel } from "../../../../src/kernel/verify.ts";
import { Dim } from "../../../../src/support/dim.ts";

/** Invocation x sums `to` elements from its own on. */
function sums(to: number, unroll = false): Kernel {
  const b = new KernelBuilder("sums");
  const x = b.buffer("x", "read", "f32", Dim.of(64));
  const out = b.buffer("out", "read_write", "f32", Dim.of(4));
  const i = b.builtin("workgroup_x");
  const [sum] = b.forLoop({ to, carried: [b.f32(0)], name: "k", unroll }, (k, [total]) => [
    b.binary("add", total!, b.load(x, b.add(i, k))),
  ]);
  b.store(out, i, sum!);
  return b.finish({ workgroup: [1, 1, 1], grid: [[{ size: Dim.of(4), per: 1 }], [], []], inPlace: [], locs: [] });
}

function run(kernel: Kernel): Float32Array {
  const out = new Float32Array(4);
  const x = Float32Array.from({ length: 64 }, (_, i) => i * i);
  interpretKernel(kernel, new Map([["x", x], ["out", out]]), {}); // prettier-ignore
  return out;
}

describe("keep-loops", () => {
  it("hides the bound of a longer loop, and the sums stay", () => {
    const [plain, kept] = [sums(5), keepKernelLoops(sums(5), 4)];
    expect(printKernel(kept)).not.toBe(printKernel(plain));
    expect(printKernel(kept)).toMatch(/min %workgroup_x/);
    expect(verifyKernel(kept)).toEqual([]);
    expect(run(kept)).toEqual(run(plain));
  });

  it("leaves a loop of as many iterations as may be unrolled, and one that is marked", () => {
    for (const kernel of [sums(4), sums(32, true)]) expect(keepKernelLoops(kernel, 4)).toBe(kernel);
  });
});
