/** Fused groups under each schedule: interpreter of the tensor IR = kernel interpreter = JavaScript, at awkward sizes. */
import { describe, expect, it } from "vitest";
import { lowerModule } from "../../passes/lower/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Attrs, Func, Literal } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { B, T, capacities, check, f32, groupFunc, sizes } from "../support/group-case.ts";
import type { Body } from "../support/group-case.ts";
import { randomTensor } from "../support/random-tensor.ts";
import { runPlan } from "../support/run-plan.ts";

const scalar = (x: number): Literal => ({ kind: "literal", dtype: "f32", dims: [], data: [x] });

const normThenSoftmax: Body = (b, [x, w]) => {
  const mean = b.emit("mean", [b.emit("mul", [x!, x!])], { axis: -1, keep: true });
  const eps = b.emit("constant", [], { value: scalar(1e-5) });
  const normed = b.emit("mul", [b.emit("mul", [x!, b.emit("rsqrt", [b.emit("add", [mean, eps])])]), w!]);
  const max = b.emit("reduce_max", [normed], { axis: -1, keep: true });
  const exp = b.emit("exp", [b.emit("sub", [normed, max])]);
  const soft = b.emit("div", [exp, b.emit("sum", [exp], { axis: -1, keep: true })]);
  return [soft, b.emit("argmax", [normed], { axis: -1 })];
};

describe("row_reduce", () => {
  for (const columns of [1, 7, 64, 300])
    for (const lanes of [1, 8, 64])
      it(`norm, softmax and argmax of ${columns} columns with ${lanes} lanes`, () => {
        const types = [f32(B, T, columns), f32(columns)];
        check(types, { schedule: "row_reduce", lanes }, normThenSoftmax, columns === 300 ? "js" : "interpreter");
      });

  it("may lie in its own input only where every lane reads what it writes", () => {
    const softmax: Body = (b, [x]) => {
      const exp = b.emit("exp", [x!]);
      return [b.emit("div", [exp, b.emit("sum", [exp], { axis: -1, keep: true })])];
    };
    const withFirst: Body = (b, [x]) => {
      const first = b.emit("slice", [x!], { axis: 1, start: 0, end: 1 });
      return [b.emit("sub", [b.emit("sub", [x!, b.emit("sum", [x!], { axis: -1, keep: true })]), first])];
    };
    const inPlace = (body: Body): unknown => {
      const func = groupFunc([f32(B, 16)], { schedule: "row_reduce", lanes: 8 }, body);
      // A second kernel in front makes the operand a temporary, which is what may be overwritten.
      const b = new Builder(OPS);
      const x = value(f32(B, 16), "x");
      const twice = b.emit("add", [x, x]);
      const group = { ...func.body.ops[0]!, operands: [twice] };
      const after = new Builder(OPS);
      const out = after.emit("neg", [group.results[0]!]);
      const whole: Func = {
        name: "f",
        args: [{ name: "x", mode: "in", value: x }],
        results: [{ name: "y" }],
        body: { args: [x], ops: [...b.ops, group, ...after.ops], yields: [out] },
      };
      const { program } = lowerModule({ name: "m", funcs: [whole] }, { ops: OPS, info: webgpuBase, capacities });
      return program.kernels.find(({ name }) => name === "g")?.inPlace;
    };
    expect(inPlace(softmax)).toEqual([[1, 0]]);
    expect(inPlace(withFirst)).toEqual([]);
  });
});

const inRegisters: Attrs = {
  schedule: "matmul.registers",
  tile_rows: 3,
  tile_columns: 8,
  workgroup_rows: 2,
  workgroup_columns: 4,
};
const inWorkgroups: Attrs = { ...inRegisters, schedule: "matmul.workgroup", tile_rows: 4, tile_columns: 4, terms: 8 };
const swiglu: Body = (b, [x, gate, up, bias]) => {
  const [g, u] = [gate!, up!].map((w) => b.emit("matmul", [x!, b.emit("cast", [w], { dtype: "f32" })], { transpose_b: true })); // prettier-ignore
  return [b.emit("add", [b.emit("mul", [b.emit("silu", [g!]), u!]), bias!])];
};

describe("products", () => {
  for (const [K, N] of [
    [8, 12],
    [6, 12],
    [8, 7],
    [5, 3],
    [1, 1],
    [36, 40],
  ] as const)
    // prettier-ignore
    for (const attrs of [inRegisters, inWorkgroups, { schedule: "matvec", lanes: 1, columns: 4 }, { schedule: "matvec", lanes: 8, columns: 4 }] satisfies Attrs[]) // prettier-ignore
      it(`SwiGLU of ${K} x ${N} as ${JSON.stringify(attrs)}`, () => {
        const half = tensorType("f16", [N, K]);
        check([f32(B, T, K), half, half, f32(N)], attrs, swiglu, "interpreter");
      });

  for (const [K, N] of [
    [8, 12],
    [7, 12],
    [8, 7],
  ] as const)
    // prettier-ignore
    it(`columns side by side, residual and reshaped result, ${K} x ${N}`, () => {
      const body: Body = (b, [x, w, r]) => {
        const sum = b.emit("add", [b.emit("matmul", [x!, w!]), r!]);
        return [b.emit("reshape", [sum], { shape: [B.mul(T), N] })];
      };
      for (const attrs of [inRegisters, { schedule: "matvec", lanes: 4, columns: 8 }] satisfies Attrs[])
        check([f32(B, T, K), f32(K, N), f32(B, T, N)], attrs, body, "interpreter");
    });

  // A CPU adapter reads single columns a workgroup apart, or one term at a time, and splits a tile among its products.
  for (const attrs of [inRegisters, { schedule: "matvec", lanes: 1, columns: 4 }] satisfies Attrs[])
    for (const [K, N] of [
      [8, 12],
      [6, 12],
      [8, 7],
      [36, 40],
    ] as const)
      it(`${K} x ${N} for a CPU adapter as ${JSON.stringify(attrs)}`, () => {
        const half = tensorType("f16", [N, K]);
        const one: Body = (b, [x, w]) => [b.emit("matmul", [x!, w!])];
        check([f32(B, T, K), half, half, f32(N)], attrs, swiglu, "interpreter", webgpuCpu);
        check([f32(B, T, K), f32(K, N)], attrs, one, "interpreter", webgpuCpu);
      });

  it("heads merged in front and a weight transposed by a move", () => {
    const body: Body = (b, [x, w]) => {
      const merged = b.emit("reshape", [b.emit("transpose", [x!], { perm: [0, 2, 1, 3] })], { shape: [B, T, 12] });
      return [b.emit("matmul", [merged, b.emit("transpose", [w!], { perm: [1, 0] })])];
    };
    check([f32(B, 3, T, 4), f32(20, 12)], inRegisters, body, "interpreter");
  });

  it("a matrix for each head", () => {
    const body: Body = (b, [x, y]) => [b.emit("matmul", [x!, y!], { transpose_b: true })];
    check([f32(B, 2, T, 4), f32(B, 2, T, 4)], inRegisters, body, "interpreter");
  });
});

describe("elementwise", () => {
  const rotate: Body = (b, [x]) => {
    const [low, high] = [[0, 4], [4, 8]].map(([start, end]) => b.emit("slice", [x!], { axis: -1, start: start!, end: end! })); // prettier-ignore
    return [b.emit("add", [x!, b.emit("concat", [b.emit("neg", [high!]), low!], { axis: -1 })])];
  };

  it("reads halves of a head in vectors", () => {
    const program = check([f32(B, T, 8)], { schedule: "elementwise", lanes: 4 }, rotate, "interpreter");
    expect(program.kernels[0]!.buffers.map(({ lanes }) => lanes)).toEqual([4, 4]);
  });

  it("goes on along y where one dimension of the grid is too short", () => {
    const info = { ...webgpuBase, limits: { ...webgpuBase.limits, maxWorkgroupsPerDimension: 4 } };
    const func = groupFunc([f32(B, T, 7)], { schedule: "elementwise", lanes: 8 }, (b, [x]) => [b.emit("neg", [x!])]);
    const { program, diagnostics } = lowerModule({ name: "m", funcs: [func] }, { ops: OPS, info, capacities: { B: 2, T: 5 } }); // prettier-ignore
    expect(diagnostics).toEqual([]);
    const a0 = randomTensor(new Rng(1), "f32", [2, 5, 7]);
    const actual = runPlan(program, "f", { sizes, inputs: { a0 } }, "interpreter").read("r0", "f32", [2, 5, 7]);
    expect(actual.data).toEqual(a0.data.map((x) => -x));
  });
});
