/**
 * A group of given sizes as a function, with weights in any storage type and layout: what every executor runs at the
 * sizes where tiles end. A size may be known only at the call.
 */
import { evaluate } from "../../src/interp/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Attrs, DType, Func, Module, Op, Tensor, TensorType } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "./compare-tensors.ts";
import type { Body } from "./group-case.ts";
import { randomTensor } from "./random-tensor.ts";
import { programTolerance } from "./tolerance.ts";

export interface Weight {
  readonly dtype: DType;
  readonly dims: readonly [number, number];
  /** `tile` and `order`, where its elements are not row-major. */
  readonly layout?: Attrs;
}

export interface SizedCase {
  readonly name: string;
  readonly module: Module;
  readonly sizes: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly weights: (path: string) => Tensor;
}

export interface SizedOptions {
  readonly args: readonly TensorType[];
  readonly weights?: readonly Weight[];
  readonly attrs: Attrs;
  readonly sizes?: Readonly<Record<string, number>>;
  /** Of the arguments, then of the weights. */
  readonly body: Body;
}

/** `@f(a0, a1, ...)`: one group over its arguments and the weights `w0`, `w1`, .... */
export function sizedCase(
  name: string,
  { args: types, weights = [], attrs, sizes = {}, body }: SizedOptions,
): SizedCase {
  const rng = new Rng(5);
  const args = types.map((type, i) => value(type, `a${i}`));
  const params = weights.map(({ dtype, dims, layout = {} }, i): Op => {
    const results = [value(tensorType(dtype, dims), `w${i}`)];
    return { name: "param", operands: [], attrs: { path: `w${i}`, ...layout }, results, regions: [] };
  });
  const inner = new Builder(OPS);
  const operands = [...args, ...params.flatMap(({ results }) => results)];
  const own = operands.map(({ type, name: hint }) => value(type, hint));
  const yields = body(inner, own);
  const results = yields.map(({ type }) => value(type));
  const group: Op = { name: "group", operands, attrs: { name: "g", ...attrs }, results, regions: [inner.block(own, yields)] }; // prettier-ignore
  const func: Func = {
    name: "f",
    args: args.map((arg) => ({ name: arg.name, mode: "in", value: arg })),
    results: results.map((_, i) => ({ name: `r${i}` })),
    body: { args, ops: [...params, group], yields: results },
  };
  const tensors = new Map(weights.map(({ dtype, dims }, i) => [`w${i}`, randomTensor(rng, dtype, dims)]));
  const given = types.map(({ dtype, dims }, i) => [`a${i}`, randomTensor(rng, dtype, dims.map((dim) => dim.evaluate(sizes)))]); // prettier-ignore
  return {
    ...{ name, sizes, inputs: Object.fromEntries(given) as Record<string, Tensor> },
    module: { name: "m", funcs: [func] },
    weights: (path) => tensors.get(path)!,
  };
}

/** What differs between results and the reference's by more than its rounding; undefined where nothing does. */
export function differenceOf(
  { module, sizes, inputs, weights, name }: SizedCase,
  results: { read(name: string, dtype: DType, dims: readonly number[]): Tensor },
): string | undefined {
  const func = module.funcs[0]!;
  const [exact, rounded] = (["exact", "rounded"] as const).map((mode) =>
    evaluate(func, inputs, { ops: OPS, params: weights, symbols: sizes, mode }),
  );
  return func.results
    .map((result) => {
      const [x, r] = [exact![result.name] as Tensor, rounded![result.name] as Tensor];
      const actual = results.read(result.name, x.dtype, x.dims);
      return compareTensors(actual, x, programTolerance(x, r), { what: `${name}: ${result.name}`, seed: 5 });
    })
    .find((found) => found !== undefined);
}
