/** The scalar operations on numbers: what a kernel would compute, in f64, with integers of 32 bits. */
import type { BinaryScalar, CompareScalar, ScalarBuilder, UnaryScalar } from "../../../src/ir/op-def.ts";
import type { DType } from "../../../src/ir/type.ts";
import { isFloat } from "../../../src/ir/type.ts";
import { rounding } from "../../../src/interp/rounding.ts";
import { erf } from "../../../src/ops/support/erf.ts";

export interface Typed {
  readonly x: number;
  readonly dtype: DType;
}

const store = rounding("exact");
const typed = (x: number, dtype: DType): Typed => ({ x: store(x, dtype), dtype });

const UNARY: Readonly<Record<UnaryScalar, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  floor: Math.floor,
  not: (x) => 1 - x,
};
const FLOAT_BINARY: Readonly<Partial<Record<BinaryScalar, (x: number, y: number) => number>>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: Math.pow,
  min: Math.min,
  max: Math.max,
};
const INTEGER_BINARY: Readonly<Record<BinaryScalar, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: Math.imul,
  div: (x, y) => (y === 0 ? x : Math.trunc(x / y)),
  rem: (x, y) => (y === 0 ? 0 : x % y),
  pow: () => NaN,
  min: Math.min,
  max: Math.max,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => x << y,
  shr: (x, y) => x >> y,
};
const COMPARE: Readonly<Record<CompareScalar, (x: number, y: number) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

/** Throws where two operands have different types, as a code generator would. */
export const numberScalars: ScalarBuilder<Typed> = {
  constant: typed,
  unary: (op, { x, dtype }) => typed(op === "not" && dtype !== "bool" ? ~x : UNARY[op](x), dtype),
  binary(op, a, b) {
    if (a.dtype !== b.dtype) throw new Error(`${op} of ${a.dtype} and ${b.dtype}`);
    // A u32 has no sign to keep.
    if (op === "shr" && a.dtype === "u32") return typed(a.x >>> b.x, a.dtype);
    const compute = isFloat(a.dtype) ? FLOAT_BINARY[op] : INTEGER_BINARY[op];
    if (compute === undefined) throw new Error(`${op} of ${a.dtype}`);
    return typed(compute(a.x, b.x), a.dtype);
  },
  compare(op, a, b) {
    if (a.dtype !== b.dtype) throw new Error(`${op} of ${a.dtype} and ${b.dtype}`);
    return typed(COMPARE[op](a.x, b.x) ? 1 : 0, "bool");
  },
  select(condition, a, b) {
    if (condition.dtype !== "bool" || a.dtype !== b.dtype) throw new Error("select of mixed types");
    return condition.x === 0 ? b : a;
  },
  cast({ x, dtype }, to) {
    if (isFloat(dtype) && !isFloat(to) && to !== "bool") {
      const [low, high] = to === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
      return typed(Number.isNaN(x) ? 0 : Math.min(high, Math.max(low, Math.trunc(x))), to);
    }
    return typed(x, to);
  },
};
