/** One group as a function: lowered, run, and compared with the interpreter of the tensor IR at awkward sizes. */
import { expect } from "vitest";
import { lowerModule } from "../../passes/lower/index.ts";
import { evaluate } from "../../src/interp/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Attrs, Func, Op, Tensor, TensorType, Value } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import type { Program } from "../../src/plan/ir.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { Dim } from "../../src/support/dim.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "./compare-tensors.ts";
import { randomTensor } from "./random-tensor.ts";
import { runPlan } from "./run-plan.ts";
import type { Executor } from "./run-plan.ts";
import { programTolerance } from "./tolerance.ts";

export const [B, T] = ["B", "T"].map((name) => Dim.symbol(name)) as [Dim, Dim];
export const sizes = { B: 2, T: 5 };
export const capacities = { B: 3, T: 9 };

export type Body = (b: Builder, args: readonly Value[]) => readonly Value[];

/** For a result the argument whose next value it is. */
export type States = Readonly<Record<number, number>>;

/** A function that is one group over arguments of these types. */
export function groupFunc(types: readonly TensorType[], attrs: Attrs, body: Body, states: States = {}): Func {
  const inner = new Builder(OPS);
  const args = types.map((type, i) => value(type, `a${i}`));
  const yields = body(inner, args);
  const outer = types.map((type, i) => value(type, `a${i}`));
  const results = yields.map(({ type }) => value(type));
  const group: Op = { name: "group", operands: outer, attrs: { name: "g", ...attrs }, results, regions: [inner.block(args, yields)] }; // prettier-ignore
  return {
    name: "f",
    args: outer.map((arg) => ({
      name: arg.name,
      mode: Object.values(states).includes(Number(arg.name.slice(1))) ? "inout" : "in",
      value: arg,
    })),
    results: results.map((_, i) =>
      states[i] === undefined ? { name: `r${i}` } : { name: `a${states[i]}`, into: `a${states[i]}` },
    ),
    body: { args: outer, ops: [group], yields: results },
  };
}

export function programOf(func: Func, info: TargetInfo): Program {
  const { program, diagnostics } = lowerModule({ name: "m", funcs: [func] }, { ops: OPS, info, capacities });
  expect(diagnostics).toEqual([]);
  expect(program.kernels).toHaveLength(1);
  return program;
}

export function check(
  types: readonly TensorType[],
  attrs: Attrs,
  body: Body,
  executor: Executor,
  info: TargetInfo = webgpuBase,
  { states, given = {} }: { readonly states?: States; readonly given?: Readonly<Record<string, Tensor>> } = {},
): Program {
  const rng = new Rng(11);
  const func = groupFunc(types, attrs, body, states);
  const random = types.map(({ dtype, dims }, i) => [`a${i}`, randomTensor(rng, dtype, dims.map((dim) => dim.evaluate(sizes)))]); // prettier-ignore
  const inputs = { ...(Object.fromEntries(random) as Record<string, Tensor>), ...given };
  const program = programOf(func, info);
  const results = runPlan(program, "f", { sizes, inputs, state: inputs }, executor);
  const params = (): Tensor => {
    throw new Error("no parameters");
  };
  const [exact, rounded] = (["exact", "rounded"] as const).map((mode) =>
    evaluate(func, inputs, { ops: OPS, params, symbols: sizes, mode }),
  );
  for (const { name } of func.results) {
    const [x, r] = [exact![name] as Tensor, rounded![name] as Tensor];
    const found = compareTensors(results.read(name, x.dtype, x.dims), x, programTolerance(x, r), {
      what: name,
      seed: 11,
    });
    expect(found).toBeUndefined();
  }
  return program;
}

export const f32 = (...dims: (Dim | number)[]): TensorType => tensorType("f32", dims);
