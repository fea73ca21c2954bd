/**
 * Reductions of long rows in chunks, on every executor: rows of whole chunks, rows that are filled up, rows of a size
 * that the call decides and is far below its capacity; what is reduced lies in memory or is computed on the way.
 */
import { describe, expect, it } from "vitest";
import { evaluate, isTensor } from "../../src/interp/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Func, Module, Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { scalarConstant } from "../../passes/tensor/constants.ts";
import { OPS } from "../../src/ops/index.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { Dim } from "../../src/support/dim.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { onEveryDevice } from "../support/on-every-device.ts";
import type { DeviceCase } from "../support/on-every-device.ts";
import { countOf, randomTensor } from "../support/random-tensor.ts";
import { programTolerance } from "../support/tolerance.ts";

interface Shape {
  readonly rows: number;
  readonly length: number | Dim;
  /** Elements of a chunk at most. */
  readonly columns: number;
}

const T = Dim.symbol("T");
const SIZES = { T: 37 };
const CAPACITIES = { T: 100 };

const SHAPES: readonly Shape[] = [
  { rows: 1, length: 7, columns: 2 },
  { rows: 3, length: 64, columns: 16 },
  { rows: 2, length: 300, columns: 64 },
  { rows: 1, length: 1021, columns: 250 },
  { rows: 2, length: T, columns: 9 },
];

/** Every fold of numbers below 0 and of integers with many ties, and a softmax, whose row is folded twice. */
function forward({ rows, length }: Shape): Func {
  const dims = [Dim.of(rows), Dim.of(length)];
  const [x, ties] = [value(tensorType("f32", dims), "x"), value(tensorType("i32", dims), "ties")];
  const b = new Builder(OPS);
  const below = b.emit("sub", [b.emit("neg", [b.emit("abs", [x])]), b.emit("exp", [b.emit("tanh", [x])])]);
  const exp = b.emit("exp", [b.emit("sub", [x, b.emit("reduce_max", [x], { axis: 1, keep: true })])]);
  const made = {
    sum: b.emit("sum", [x], { axis: 1, keep: false }),
    mean: b.emit("mean", [below], { axis: 1, keep: true }),
    largest: b.emit("reduce_max", [below], { axis: 1, keep: false }),
    smallest: b.emit("reduce_min", [b.emit("neg", [below])], { axis: 1, keep: false }),
    where: b.emit("argmax", [x], { axis: 1 }),
    where_below: b.emit("argmax", [below], { axis: 1 }),
    total: b.emit("sum", [ties], { axis: 1, keep: false }),
    most: b.emit("reduce_max", [ties], { axis: 1, keep: true }),
    least: b.emit("reduce_min", [ties], { axis: 1, keep: false }),
    first: b.emit("argmax", [ties], { axis: 1 }),
    softmax: b.emit("div", [exp, b.emit("sum", [exp], { axis: 1, keep: true })]),
  };
  return {
    name: "forward",
    args: [x, ties].map((arg) => ({ name: arg.name, mode: "in", value: arg })),
    results: Object.keys(made).map((name) => ({ name })),
    body: b.block([x, ties], Object.values(made)),
  };
}

/** Tokens at temperature 0, and with all filters. */
function sampling({ rows, length }: Shape): Func {
  const x = value(tensorType("f32", [Dim.of(rows), Dim.of(length)]), "x");
  const b = new Builder(OPS);
  const controls = (temperature: number, topK: number, topP: number, minP: number) => [
    scalarConstant(b, "f32", temperature),
    scalarConstant(b, "i32", topK),
    scalarConstant(b, "f32", topP),
    scalarConstant(b, "f32", minP),
    scalarConstant(b, "u32", 3),
    scalarConstant(b, "u32", 5),
  ];
  const made = {
    greedy: b.emit("sample", [x, ...controls(0, 0, 1, 0)]),
    drawn: b.emit("sample", [x, ...controls(0.75, 5, 0.875, 0.015625)]),
  };
  return {
    name: "forward",
    args: [{ name: "x", mode: "in", value: x }],
    results: Object.keys(made).map((name) => ({ name })),
    body: b.block([x], Object.values(made)),
  };
}

function inputsOf({ rows, length }: Shape): Readonly<Record<string, Tensor>> {
  const rng = new Rng(5);
  const dims = [rows, Dim.of(length).evaluate(SIZES)];
  const data = Float64Array.from({ length: countOf(dims) }, () => rng.int(-9, 3));
  return { x: randomTensor(rng, "f32", dims), ties: { dtype: "i32", dims, data } };
}

function buildFunc(func: Func, info: TargetInfo, columns: number): BuiltProgram {
  const module: Module = { name: "rows", funcs: [func] };
  const tiles = { ...info.tiles, rowSplit: { mostRows: 4, least: 7, columns } };
  return buildProgram(module, { ...info, tiles }, { capacities: CAPACITIES, tensorPasses: true });
}

function params(path: string): never {
  throw new Error(`no parameter ${path}`);
}

interface Case {
  readonly shape: Shape;
  readonly func: Func;
  readonly inputs: Readonly<Record<string, Tensor>>;
}

const CASES = SHAPES.flatMap((shape): readonly Case[] => {
  const { x, ties } = inputsOf(shape);
  const reduced: Case = { shape, func: forward(shape), inputs: { x: x!, ties: ties! } };
  // Drivers take seconds for a sampler.
  return shape.rows === 2 ? [reduced, { shape, func: sampling(shape), inputs: { x: x! } }] : [reduced];
});

describe("rows in chunks", () => {
  onEveryDevice(
    CASES.map(({ shape, func, inputs }): DeviceCase => {
      const [exact, rounded] = (["exact", "rounded"] as const).map((mode) => evaluate(func, inputs, { ops: OPS, params, symbols: SIZES, mode })); // prettier-ignore
      return {
        build: (info) => buildFunc(func, info, shape.columns),
        call: { sizes: SIZES, inputs },
        check(results) {
          for (const [name, expected] of Object.entries(exact!)) {
            const other = rounded![name];
            if (!isTensor(expected) || other === undefined || !isTensor(other)) throw new Error(`${name} is a family`);
            const tolerance = expected.dtype === "f32" ? programTolerance(expected, other) : 0;
            const actual = results.read(name, expected.dtype, expected.dims);
            const what = `${name} of ${shape.rows} x ${String(shape.length)}`;
            expect(compareTensors(actual, expected, tolerance, { what })).toBeUndefined();
          }
        },
      };
    }),
  );

  it("are left alone where they are short or many", () => {
    const launches = (rows: number, length: number): number => {
      const x = value(tensorType("f32", [rows, length]), "x");
      const b = new Builder(OPS);
      const body = b.block([x], [b.emit("sum", [x], { axis: 1, keep: false })]);
      const args = [{ name: "x", mode: "in", value: x }] as const;
      const func: Func = { name: "forward", args, results: [{ name: "y" }], body };
      return buildFunc(func, webgpuBase, 2).program.plans[0]!.steps.length;
    };
    expect([launches(4, 7), launches(4, 6), launches(5, 7)]).toEqual([2, 1, 1]);
  });
});
