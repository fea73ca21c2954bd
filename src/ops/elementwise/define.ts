/**
 * What all elementwise ops share: NumPy broadcasting of the operands, one call of `compute` per element, and samples
 * of the usual shapes. A record adds its types, its function of numbers and the same in scalar operations.
 */
import type { Attrs } from "../../ir/ir.ts";
import type { Accuracy, AttrSpec, OpDef, Sample, ScalarBuilder, Tensor, Trait } from "../../ir/op-def.ts";
import { isFloat, tensorType } from "../../ir/type.ts";
import type { Dims, DType, TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { SPECIAL, filled, uniform, vector } from "../support/sample-data.ts";
import { broadcastDims, butText, wrongDType } from "../support/shape.ts";
import { at, broadcastStrides, forEachIndex, operand, resultTensor } from "../support/tensor.ts";
import { tensorScalars } from "./tensor-scalars.ts";

export interface Elementwise {
  readonly name: string;
  readonly doc: string;
  readonly operands: readonly string[];
  readonly attrs?: Readonly<Record<string, AttrSpec>>;
  /** Beside `pure` and `elementwise`. */
  readonly traits?: readonly Trait[];
  /** Legal element types; all operands have the same one unless `check` is given. */
  readonly dtypes: readonly DType[];
  /** The result's element type; default: the operands'. */
  readonly result?: DType | ((attrs: Attrs) => DType);
  /** Replaces the check that all operands have one element type: gives the operands' type, or the sentence. */
  check?(types: readonly TensorType[], attrs: Attrs): DType | { readonly sentence: string };
  /** The function in f64; the result is rounded by the caller. `dtype` is the first operand's element type. */
  compute(args: readonly number[], dtype: DType, attrs: Attrs): number;
  scalar<E>(s: ScalarBuilder<E>, args: readonly E[], attrs: Attrs, dtype: DType): E;
  /** Composites only; default: what `scalar` says, in tensor ops. */
  readonly decompose?: OpDef["decompose"];
  readonly accuracy: Accuracy;
  samples(rng: Rng): readonly Sample[];
}

/** The record of an elementwise op. */
export function elementwise(spec: Elementwise): OpDef {
  const { result } = spec;
  const resultType = (attrs: Attrs, dtype: DType): DType =>
    result === undefined ? dtype : typeof result === "function" ? result(attrs) : result;
  const operandType = (types: readonly TensorType[], attrs: Attrs): DType | { readonly sentence: string } =>
    spec.check?.(types, attrs) ?? commonDType(spec, types);
  return {
    name: spec.name,
    doc: spec.doc,
    operands: spec.operands,
    attrs: spec.attrs ?? {},
    traits: ["pure", "elementwise", ...(spec.traits ?? [])],
    infer(operands, attrs) {
      const types = spec.operands.map((_, index) => operand(operands, index));
      const dtype = operandType(types, attrs);
      if (typeof dtype !== "string") return dtype.sentence;
      const dims = commonDims(spec.operands, types);
      return typeof dims === "string" ? dims : [tensorType(resultType(attrs, dtype), dims)];
    },
    evaluate(operands, attrs, context) {
      const tensors = spec.operands.map((_, index) => operand(operands, index));
      const out = resultTensor(context);
      const strides = tensors.map((tensor) => broadcastStrides(tensor.dims, out.dims));
      const dtype = operand(tensors, 0).dtype;
      const args = new Array<number>(tensors.length).fill(0);
      forEachIndex(out.dims, strides, (position, offsets) => {
        tensors.forEach((tensor, which) => (args[which] = at(tensor.data, at(offsets, which))));
        out.data[position] = context.round(spec.compute(args, dtype, attrs), out.dtype);
      });
      return [out];
    },
    scalar: (s, args, attrs, dtype) => spec.scalar(s, args, attrs, dtype),
    ...(spec.traits?.includes("composite") === true ? { decompose: spec.decompose ?? decomposeBy(spec) } : {}),
    accuracy: spec.accuracy,
    samples: (rng) => spec.samples(rng),
  };
}

function decomposeBy(spec: Elementwise): OpDef["decompose"] {
  return (b, operands, attrs) => {
    const values = spec.operands.map((_, index) => operand(operands, index));
    return [spec.scalar(tensorScalars(b), values, attrs, operand(values, 0).type.dtype)];
  };
}

function commonDType(spec: Elementwise, types: readonly TensorType[]): DType | { readonly sentence: string } {
  const first = operand(types, 0);
  const firstName = operand(spec.operands, 0);
  const sentence = wrongDType(firstName, first, spec.dtypes);
  if (sentence !== undefined) return { sentence };
  const other = types.findIndex((type) => type.dtype !== first.dtype);
  const type = types[other];
  if (type === undefined) return first.dtype;
  const text = butText(firstName, first, operand(spec.operands, other), type);
  return { sentence: `${text}: the element types differ, and nothing is converted without a \`cast\`` };
}

function commonDims(names: readonly string[], types: readonly TensorType[]): Dims | string {
  let dims: Dims = [];
  for (const [index, type] of types.entries()) {
    const together = broadcastDims(dims, type.dims);
    if (together === undefined) {
      const clash = types.findIndex((earlier) => broadcastDims(earlier.dims, type.dims) === undefined);
      const earlier = operand(types, Math.min(clash, index));
      return butText(operand(names, Math.min(clash, index)), earlier, operand(names, index), type);
    }
    dims = together;
  }
  return dims;
}

export interface SampleRange {
  readonly low: number;
  readonly high: number;
  /** Default: f32 only. */
  readonly dtypes?: readonly DType[];
  /** Default: 0, 1, infinities and NaN with their signs. */
  readonly special?: readonly number[];
}

/** Size 1, odd sizes, more than a workgroup, symbolic sizes, and the special values. */
export function unarySamples(rng: Rng, range: SampleRange): readonly Sample[] {
  return (range.dtypes ?? ["f32"]).flatMap((dtype) => {
    const make = (dims: readonly number[]): Tensor => numbers(rng, dims, range, dtype);
    const samples: Sample[] = [
      { label: `one ${dtype}`, operands: [make([1])], attrs: {} },
      { label: `odd ${dtype}`, operands: [make([3, 7])], attrs: {} },
      { label: `beyond a workgroup ${dtype}`, operands: [make([300])], attrs: {} },
      {
        label: `symbolic ${dtype}`,
        operands: [make([2, 3, 5])],
        types: [tensorType(dtype, [Dim.symbol("B"), Dim.symbol("T"), 5])],
        symbols: { B: 2, T: 3 },
        attrs: {},
      },
    ];
    if (isFloat(dtype))
      samples.push({ label: "special", operands: [vector(dtype, range.special ?? SPECIAL)], attrs: {}, special: true });
    return samples;
  });
}

/** The same for two operands: equal shapes, a scalar, both stretched, symbolic, all pairs of special values. */
export function binarySamples(rng: Rng, x: SampleRange, y: SampleRange = x): readonly Sample[] {
  return (x.dtypes ?? ["f32"]).flatMap((dtype) => {
    const make = (a: readonly number[], b: readonly number[]): readonly Tensor[] => [
      numbers(rng, a, x, dtype),
      numbers(rng, b, y, dtype),
    ];
    const samples: Sample[] = [
      { label: `one ${dtype}`, operands: make([1], [1]), attrs: {} },
      { label: `by a scalar ${dtype}`, operands: make([3, 7], []), attrs: {} },
      { label: `both stretched ${dtype}`, operands: make([3, 1], [1, 5]), attrs: {} },
      { label: `beyond a workgroup ${dtype}`, operands: make([300], [300]), attrs: {} },
      {
        label: `symbolic ${dtype}`,
        operands: make([2, 3, 5], [3, 5]),
        types: [tensorType(dtype, [Dim.symbol("B"), Dim.symbol("T"), 5]), tensorType(dtype, [Dim.symbol("T"), 5])],
        symbols: { B: 2, T: 3 },
        attrs: {},
      },
    ];
    if (isFloat(dtype)) {
      const xs = x.special ?? SPECIAL;
      const operands = [
        vector(
          dtype,
          xs.flatMap((value) => SPECIAL.map(() => value)),
        ),
        vector(
          dtype,
          xs.flatMap(() => SPECIAL),
        ),
      ];
      samples.push({ label: "special", operands, attrs: {}, special: true });
    }
    return samples;
  });
}

function numbers(rng: Rng, dims: readonly number[], range: SampleRange, dtype: DType): Tensor {
  if (dtype === "bool") return filled(dtype, dims, () => rng.int(0, 2));
  if (isFloat(dtype)) return uniform(rng, dims, range.low, range.high, dtype);
  const low = dtype === "u32" ? Math.max(0, Math.ceil(range.low)) : Math.ceil(range.low);
  return filled(dtype, dims, () => rng.int(low, Math.max(low + 1, Math.floor(range.high) + 1)));
}
