/** Plan text: what is printed reads back equal. */
import { describe, expect, it } from "vitest";
import type { Plan } from "../../../src/plan/ir.ts";
import { planMemory } from "../../../passes/plan/memory-plan.ts";
import { parseKernels, printKernel } from "../../../src/kernel/index.ts";
import { parseProgram, readPlan } from "../../../src/plan/parse.ts";
import { printPlan, printProgram } from "../../../src/plan/print.ts";
import { Dim } from "../../../src/support/dim.ts";
import { IrTextError, TextReader } from "../../../src/support/text/reader.ts";
import { chainProgram, kernel } from "./plan-kernels.ts";

const B = Dim.symbol("B");
const T = Dim.symbol("T");
const rich: Plan = {
  entry: "extend16",
  bucket: { B: 1, T: 16, S: 64 },
  buffers: [
    { name: "model.wte {0}", kind: "weight", bytes: 640, path: "model.wte", dtype: "f16", dims: [32, 10] },
    { name: "packed", kind: "weight", bytes: 64, path: "packed", dtype: "f16", dims: [8, 4], isFinite: true, layout: { tile: [4, 2], order: [1, 0] } }, // prettier-ignore
    { name: "table [8:16]", kind: "weight", bytes: 64, path: "table", dtype: "f16", dims: [8, 4], rows: [{ from: 8, to: 16, of: 40 }] }, // prettier-ignore
    { name: "w [2:3, 0:2]", kind: "weight", bytes: 16, path: "w", dtype: "f16", dims: [1, 2, 4], rows: [{ from: 2, to: 3, of: 8 }, { from: 0, to: 2, of: 6 }] }, // prettier-ignore
    { name: "angles", kind: "constant", bytes: 96, fill: { kind: "angles", rows: 4, scale: 1, frequencies: [1, 0.1, 1e-7] } }, // prettier-ignore
    { name: "c", kind: "constant", bytes: 12, fill: { kind: "data", dtype: "f32", values: [-0, 1.5, -Infinity] } },
    { name: "k", kind: "state", bytes: 4096, dtype: "f32", dims: [1, "S", 16] },
    { name: "arena", kind: "arena", bytes: 512 },
  ],
  steps: [
    {
      kind: "launch",
      lane: "compute",
      kernel: "matmul_0",
      grid: [[{ size: T.mul(B).mul(2).add(-1), per: 8 }, { size: Dim.of(5), per: 4 }], [{ size: B, per: 1 }], []], // prettier-ignore
      bindings: [{ buffer: "model.wte {0}", offset: 0, bytes: 640 }, { buffer: "arena", offset: 256, bytes: 256 }], // prettier-ignore
      scalars: [3, 0.5, -0],
      merged: [{ buffer: "arena", offset: 256, bytes: 64 }, { buffer: "arena", offset: 384, bytes: 128 }], // prettier-ignore
      part: { axis: 1, from: 8, count: 4 },
      loop: { index: "i", i: 2 },
    },
  ],
  submits: [{ end: 1, seconds: 0.03125 }],
  inputs: { tokens: { buffer: "c", offset: 0, bytes: 4 } },
  outputs: { logits: { buffer: "arena", offset: 0, bytes: 8 } },
  memory: { peak: 512, lowerBound: 256 },
};

describe("plan text", () => {
  it.each([
    ["rich", rich],
    ["chain", chainProgram([64, 64], kernel("copy", 1, 1)).plans[0]!],
  ])(
    // prettier-ignore
    "reads back the %s plan",
    (_, plan) => {
      const text = printPlan(plan);
      const read = readPlan(new TextReader(text));
      expect(printPlan(read)).toBe(text);
      expect(read).toEqual(plan);
    },
  );

  it("reads back a whole program, kernels included", () => {
    const program = planMemory(chainProgram([64, 64, 64], kernel("copy", 1, 1, true)), 256);
    const text = printProgram(program, printKernel);
    const read = parseProgram(text, parseKernels);
    expect(printProgram(read, printKernel)).toBe(text);
    expect(read.plans).toEqual(program.plans);
    expect(read.kernels.map(({ name }) => name)).toEqual(program.kernels.map(({ name }) => name));
    expect(parseProgram('program "empty"\n', parseKernels)).toEqual({ profile: "empty", kernels: [], plans: [] });
  });

  it("names the place of a mistake", () => {
    const text = printPlan(rich).replace("launch @matmul_0 grid(", "launch @matmul_0 grid (9");
    expect(() => readPlan(new TextReader(text))).toThrow(IrTextError);
    expect(() => readPlan(new TextReader(text))).toThrow(/expected `1` or/);
  });
});
