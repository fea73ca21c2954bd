/** The builder: shared values, folded indices, scopes, and refusal of wrong types. */
import { describe, expect, it } from "vitest";
import { KernelBuilder } from "../../../src/kernel/builder.ts";
import { interpretKernel } from "../../../src/kernel/interpret.ts";
import { I32, U32 } from "../../../src/kernel/ir.ts";
import { verifyKernel } from "../../../src/kernel/verify.ts";
import { Dim } from "../../../src/support/dim.ts";

describe("KernelBuilder", () => {
  it("builds a kernel that verifies and runs", () => {
    const b = new KernelBuilder("row_sum");
    const T = Dim.symbol("T");
    const x = b.buffer("x", "read", "f32", T.mul(3));
    const out = b.buffer("out", "write", "f32", T);
    const row = b.builtin("workgroup_x");
    const [sum] = b.forLoop({ to: 3, carried: [b.f32(0)], name: "c" }, (c, [acc]) => [
      b.add(acc!, b.load(x, b.add(b.mul(row, 3), c))),
    ]);
    b.ifThen(b.lt(row, b.dim(T)), () => b.store(out, row, sum!));
    const kernel = b.finish({ grid: [[{ size: T, per: 1 }], [], []] });
    expect(verifyKernel(kernel)).toEqual([]);
    const result = new Float32Array(2);
    interpretKernel(kernel, new Map([["x", Float32Array.of(1, 2, 3, 4, 5, 6)], ["out", result]]), { T: 2 }); // prettier-ignore
    expect([...result]).toEqual([6, 15]);
  });

  it("shares constants, and tells 0 from -0", () => {
    const b = new KernelBuilder("k");
    expect(b.f32(0)).toBe(b.f32(0));
    expect(b.f32(0)).not.toBe(b.f32(-0));
    expect(b.i32(0)).not.toBe(b.f32(0));
  });

  it("folds integers, not floats", () => {
    const b = new KernelBuilder("k");
    const lane = b.builtin("local_x");
    expect(b.add(lane, 0)).toBe(lane);
    expect(b.mul(b.i32(6), 7)).toBe(b.i32(42));
    const x = b.f32(1);
    expect(b.mul(x, 1)).not.toBe(x);
  });

  it("folds literals that WGSL refuses to compute, as every target computes them", () => {
    const b = new KernelBuilder("k");
    expect(b.binary("shl", b.u32(4294967290), 13)).toBe(b.u32(4294918144));
    expect(b.add(b.u32(4294967295), 1)).toBe(b.u32(0));
    expect(b.binary("shr", b.u32(4294967295), 31)).toBe(b.u32(1));
    expect(b.binary("shr", b.i32(-8), 1)).toBe(b.i32(-4));
    expect(b.cast(b.i32(-1), U32)).toBe(b.u32(4294967295));
    expect(b.cast(b.u32(4294967295), I32)).toBe(b.i32(-1));
    const zero = b.u32(0);
    expect(b.div(b.u32(5), zero)).not.toBe(zero);
  });

  it("refuses operands of different types", () => {
    const b = new KernelBuilder("k");
    expect(() => b.add(b.i32(1), b.f32(1))).toThrow(/kernel k: add of i32 and f32/);
  });
});
