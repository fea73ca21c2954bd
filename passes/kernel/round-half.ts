/**
 * Rounding to f16 and bf16 in registers, written out by the bits: for every number, ties to even, subnormal numbers of
 * f16 and infinities included; NaN stays NaN. WGSL's own ways do less: a driver may leave out `f32(f16(x))` (Mesa does),
 * and `quantizeToF16` flushes subnormal numbers.
 */
import type { Expression, KType, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { Copier } from "../../src/kernel/rename.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import { removeDead } from "./remove-dead.ts";
import type { Sequence } from "./sequence.ts";

const INFINITY = 0x7f800000;

export function roundF16(s: Sequence, x: KValue): KValue {
  const { sign, size } = partsOf(s, x);
  // 65520 and more round to 2^16, which f16 has not.
  const normal = dropBits(s, size, 13);
  const large = s.select(s.binary("ge", normal, 0x47800000), s.literal(INFINITY, size.type), normal);
  const whole = s.select(s.binary("ge", size, INFINITY), size, large);
  const small = s.bitcast(roundToUnits(s, s.bitcast(size, x.type), 24), size.type);
  // Below 2^-14 the numbers of f16 are the multiples of 2^-24.
  const rounded = s.select(s.binary("lt", size, 0x38800000), small, whole);
  return s.bitcast(s.binary("or", rounded, sign), x.type);
}

export function roundBf16(s: Sequence, x: KValue): KValue {
  const { sign, size } = partsOf(s, x);
  const rounded = s.select(s.binary("gt", size, INFINITY), size, dropBits(s, size, 16));
  return s.bitcast(s.binary("or", rounded, sign), x.type);
}

/** The first bit, and the others. */
function partsOf(s: Sequence, x: KValue): { readonly sign: KValue; readonly size: KValue } {
  const words: KType = { scalar: "i32", lanes: x.type.lanes };
  const bits = s.named("bits", s.bitcast(x, words));
  const size = s.named("size", s.binary("and", bits, 0x7fffffff));
  return { sign: s.named("sign", s.binary("xor", bits, size)), size };
}

/** The nearest number whose last `count` bits are 0, the even one of two. */
function dropBits(s: Sequence, size: KValue, count: number): KValue {
  const odd = s.binary("and", s.binary("shr", size, count), 1);
  const raised = s.binary("add", s.binary("add", size, 2 ** (count - 1) - 1), odd);
  return s.named("rounded", s.binary("and", raised, -(2 ** count)));
}

/** A small number x >= 0 to the nearest multiple of 2^-exponent. Not `x + 1 - 1`: a compiler may leave both out. */
function roundToUnits(s: Sequence, x: KValue, exponent: number): KValue {
  const units = s.named("units", s.binary("mul", x, 2 ** exponent));
  const low = s.named("low", s.unary("floor", units));
  const rest = s.named("rest", s.binary("sub", units, low));
  const half = s.binary("mul", low, 0.5);
  const isOdd = s.binary("ne", s.unary("floor", half), half);
  const isUp = s.binary("or", s.binary("gt", rest, 0.5), s.binary("and", s.binary("eq", rest, 0.5), isOdd));
  const next = s.select(isUp, s.binary("add", low, 1), low);
  return s.binary("mul", next, 2 ** -exponent);
}

/** A store rounds to what it stores: its value need not be rounded to that before. */
export function withoutSecondRounding(kernel: Kernel): Kernel {
  const roundings = new Map<KValue, Expression & { readonly kind: "unary" }>();
  walkStatements(kernel.body, (statement) => {
    if (statement.kind !== "let" || statement.expression.kind !== "unary") return;
    if (statement.expression.op.startsWith("round_")) roundings.set(statement.result, statement.expression);
  });
  if (roundings.size === 0) return kernel;
  const copier = new Copier();
  const visit = (body: readonly Statement[]): readonly Statement[] =>
    body.map((statement) => {
      const rounding = statement.kind === "store" ? roundings.get(statement.value) : undefined;
      const copied = copier.shallow(statement, visit);
      const isTwofold = copied.kind === "store" && rounding?.op === `round_${copied.buffer.element}`;
      return isTwofold ? { ...copied, value: copier.use(rounding.x) } : copied;
    });
  return removeDead({ ...kernel, body: visit(kernel.body) });
}
