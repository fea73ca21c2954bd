/** Short ways to run a record in tests: infer and evaluate on tensors, and a sample through the interpreter. */
import { expect } from "vitest";
import { evaluate, isTensor } from "../../../src/interp/index.ts";
import type { Mode } from "../../../src/interp/index.ts";
import { rounding } from "../../../src/interp/rounding.ts";
import { Builder, completeAttrs } from "../../../src/ir/builder.ts";
import type { Attrs, Func, Module, Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import type { OpDef, Sample, Tensor } from "../../../src/ir/op-def.ts";
import type { DType, TensorType } from "../../../src/ir/type.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { OPS } from "../../../src/ops/index.ts";
import { tensorOf } from "../../../src/ops/support/tensor.ts";

export function record(name: string): OpDef {
  const def = OPS.get(name);
  if (def === undefined) throw new Error(`no op ${name}`);
  return def;
}

export const f32 = (dims: readonly number[], data: ArrayLike<number>): Tensor => tensorOf("f32", dims, data);
export const i32 = (dims: readonly number[], data: ArrayLike<number>): Tensor => tensorOf("i32", dims, data);
export const number = (dtype: DType, x: number): Tensor => tensorOf(dtype, [], [x]);

export function typesOf(sample: Pick<Sample, "operands" | "types">): readonly (TensorType | null)[] {
  return sample.types ?? sample.operands.map((x) => (x === null ? null : tensorType(x.dtype, x.dims)));
}

/** Infers and evaluates; throws the sentence where the types do not fit. */
export function run(
  name: string,
  operands: readonly (Tensor | null)[],
  attrs: Attrs = {},
  options: {
    readonly mode?: Mode;
    readonly symbols?: Readonly<Record<string, number>>;
    readonly types?: Sample["types"];
  } = {},
): Tensor {
  const def = record(name);
  const complete = completeAttrs(def, attrs);
  const symbols = options.symbols ?? {};
  const padded = [...operands, ...def.operands.slice(operands.length).map(() => null)];
  const types = typesOf({ operands: padded, ...(options.types === undefined ? {} : { types: options.types }) });
  const inferred = def.infer(types, complete);
  if (typeof inferred === "string") throw new Error(inferred);
  const results = inferred.map(({ dtype, dims }) => ({ dtype, dims: dims.map((dim) => dim.evaluate(symbols)) }));
  const [out] = def.evaluate(padded, complete, { results, symbols, round: rounding(options.mode ?? "exact") });
  if (out === undefined) throw new Error(`${name} has no result`);
  expect([out.dtype, ...out.dims]).toEqual([results[0]!.dtype, ...results[0]!.dims]);
  return out;
}

type Emit = (b: Builder, operands: readonly (Value | null)[]) => readonly Value[];

/** A module of one function of the sample's operands `x0, x1, ...`, whose body `emit` makes. */
export function moduleOf(sample: Sample, emit: Emit): Module {
  const args = typesOf(sample).map((type, i) => (type === null ? null : value(type, `x${i}`)));
  const b = new Builder(OPS);
  const yields = emit(b, args);
  const given = args.filter((arg): arg is Value => arg !== null);
  const func: Func = {
    name: "sample",
    args: given.map((arg) => ({ name: arg.name, mode: "in", value: arg })),
    results: yields.map((_, i) => ({ name: `out${i}` })),
    body: b.block(given, yields),
  };
  return { name: "sample", funcs: [func] };
}

/** The results of that function, by the interpreter. */
export function interpret(sample: Sample, emit: Emit, mode: Mode = "exact"): readonly Tensor[] {
  const func = moduleOf(sample, emit).funcs[0]!;
  const tensors = sample.operands.flatMap((x, i) => (x === null ? [] : [[`x${i}`, x] as const]));
  const params = (): never => {
    throw new Error("a sample has no parameters");
  };
  const symbols = sample.symbols ?? {};
  const found = evaluate(func, Object.fromEntries(tensors), { ops: OPS, params, symbols, mode });
  return func.results.map(({ name }) => {
    const datum = found[name];
    if (datum === undefined || !isTensor(datum)) throw new Error("no tensor");
    return datum;
  });
}

/** The op that a decomposition may look at; its results carry the inferred types. */
export function opOf(def: OpDef, operands: readonly (Value | null)[], attrs: Attrs): Op {
  const types = def.infer(
    operands.map((v) => v?.type ?? null),
    attrs,
  );
  if (typeof types === "string") throw new Error(types);
  return { name: def.name, operands, attrs, results: types.map((type) => value(type)), regions: [] };
}

/** Equal within `relative` of the largest magnitude; NaN and infinities at the same places. */
export function expectClose(found: Tensor, expected: Tensor, relative = 1e-12): void {
  expect([found.dtype, ...found.dims]).toEqual([expected.dtype, ...expected.dims]);
  const finite = expected.data.filter(Number.isFinite);
  const bound = relative * finite.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1e-300);
  expected.data.forEach((x, i) => {
    const y = found.data[i]!;
    if (Number.isFinite(x)) expect(Math.abs(y - x), `element ${i}: ${y}, expected ${x}`).toBeLessThanOrEqual(bound);
    else expect(y, `element ${i}`).toBe(x);
  });
}
