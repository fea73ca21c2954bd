/** add, sub, mul, div, pow, max, min, neg, abs, floor: numbers with the arithmetic of IEEE 754 and wrapping integers. */
import type { Accuracy, BinaryScalar, OpDef, Trait, UnaryScalar } from "../../ir/op-def.ts";
import { exact, ulp } from "../../ir/op-def.ts";
import { isFloat } from "../../ir/type.ts";
import type { DType } from "../../ir/type.ts";
import { FLOATS, NUMBERS } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { binarySamples, elementwise, unarySamples } from "./define.ts";
import type { Elementwise, SampleRange } from "./define.ts";
import { divisionSamples, safeDivisor } from "./integer-division.ts";

interface Binary {
  readonly name: BinaryScalar;
  readonly doc: string;
  readonly dtypes?: readonly DType[];
  readonly traits?: readonly Trait[];
  readonly compute: (x: number, y: number, dtype: DType) => number;
  /** Default: the scalar operation of the same name. */
  readonly scalar?: Elementwise["scalar"];
  readonly accuracy: Accuracy;
  readonly x?: SampleRange;
  readonly y?: SampleRange;
  readonly more?: OpDef["samples"];
}

const WIDE: SampleRange = { low: -9, high: 9, dtypes: ["f32", "i32", "u32"] };

function binary({ name, doc, dtypes, traits, compute, scalar, accuracy, x, y, more }: Binary): OpDef {
  return elementwise({
    name,
    doc,
    operands: ["x", "y"],
    ...(traits === undefined ? {} : { traits }),
    dtypes: dtypes ?? NUMBERS,
    compute: (args, dtype) => compute(operand(args, 0), operand(args, 1), dtype),
    scalar: scalar ?? ((s, args) => s.binary(name, operand(args, 0), operand(args, 1))),
    accuracy,
    samples: (rng) => [...binarySamples(rng, x ?? WIDE, y ?? x ?? WIDE), ...(more?.(rng) ?? [])],
  });
}

/** Correctly rounded on every target: half an ulp, and as much again where the reference is rounded too. */
const CORRECTLY_ROUNDED = ulp(1);

export const add = binary({
  name: "add",
  doc: "`out = x + y`; integers wrap.",
  traits: ["commutative"],
  compute: (x, y) => x + y,
  accuracy: CORRECTLY_ROUNDED,
});

export const sub = binary({
  name: "sub",
  doc: "`out = x - y`; integers wrap.",
  compute: (x, y) => x - y,
  accuracy: CORRECTLY_ROUNDED,
});

export const mul = binary({
  name: "mul",
  doc: "`out = x * y`; integers wrap.",
  traits: ["commutative"],
  // `Math.imul` keeps the low 32 bits, which a product in f64 would lose.
  compute: (x, y, dtype) => (isFloat(dtype) ? x * y : Math.imul(x, y)),
  accuracy: CORRECTLY_ROUNDED,
});

export const div = binary({
  name: "div",
  doc: "`out = x / y`; integers truncate towards zero, and `x / 0 = x` for them (WGSL 8.7).",
  compute: (x, y, dtype) => (isFloat(dtype) ? x / y : y === 0 ? x : Math.trunc(x / y)),
  scalar(s, args, _attrs, dtype) {
    const [x, y] = [operand(args, 0), operand(args, 1)];
    return s.binary("div", x, isFloat(dtype) ? y : safeDivisor(s, x, y, dtype));
  },
  accuracy: ulp(3),
  y: { low: 1, high: 9 },
  x: WIDE,
  more: divisionSamples,
});

export const pow = binary({
  name: "pow",
  doc: "`out = x ^ y` for `x >= 0`, or for any x where y is a whole number.",
  dtypes: FLOATS,
  compute: (x, y) => Math.pow(x, y),
  accuracy: ulp(16),
  x: { low: 0.1, high: 4 },
  y: { low: -3, high: 3 },
});

export const max = binary({
  name: "max",
  doc: "The larger of x and y; NaN where either is NaN, and `max(-0, +0) = +0`.",
  traits: ["commutative"],
  compute: (x, y) => Math.max(x, y),
  accuracy: exact,
});

export const min = binary({
  name: "min",
  doc: "The smaller of x and y; NaN where either is NaN, and `min(-0, +0) = -0`.",
  traits: ["commutative"],
  compute: (x, y) => Math.min(x, y),
  accuracy: exact,
});

function unary(
  name: UnaryScalar,
  doc: string,
  dtypes: readonly DType[],
  compute: (x: number, dtype: DType) => number,
): OpDef {
  return elementwise({
    name,
    doc,
    operands: ["x"],
    dtypes,
    compute: (args, dtype) => compute(operand(args, 0), dtype),
    scalar: (s, args) => s.unary(name, operand(args, 0)),
    accuracy: exact,
    samples: (rng) =>
      unarySamples(rng, { low: -9, high: 9, dtypes: dtypes.filter((dtype) => dtype === "f32" || dtype === "i32") }),
  });
}

const SIGNED: readonly DType[] = [...FLOATS, "i32"];

export const neg = unary("neg", "`out = -x`; integers wrap.", SIGNED, (x, dtype) => (isFloat(dtype) ? -x : 0 - x));
export const abs = unary("abs", "`out = |x|`; integers wrap.", SIGNED, (x) => Math.abs(x));
export const floor = unary("floor", "The largest whole number that is at most x.", FLOATS, (x) => Math.floor(x));
