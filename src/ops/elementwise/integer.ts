/** rem, and the bits of integers: bit_and, bit_or, bit_xor, bit_not, shift_left, shift_right. */
import type { BinaryScalar, OpDef, Sample, Trait } from "../../ir/op-def.ts";
import { exact } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import type { Rng } from "../../support/random.ts";
import { filled, vector } from "../support/sample-data.ts";
import { operand } from "../support/tensor.ts";
import { binarySamples, elementwise, unarySamples } from "./define.ts";
import type { Elementwise, SampleRange } from "./define.ts";
import { divisionSamples, safeDivisor } from "./integer-division.ts";

const INTEGERS: readonly DType[] = ["i32", "u32"];
const WIDE: SampleRange = { low: -99, high: 99, dtypes: INTEGERS };

export const rem: OpDef = elementwise({
  name: "rem",
  doc: "`out = x - y * (x / y)` of integers: the sign is that of x, and `x % 0 = 0` (WGSL 8.7).",
  operands: ["x", "y"],
  dtypes: INTEGERS,
  compute: (args) => (operand(args, 1) === 0 ? 0 : operand(args, 0) % operand(args, 1)),
  scalar(s, args, _attrs, dtype) {
    const [x, y] = [operand(args, 0), operand(args, 1)];
    return s.binary("rem", x, safeDivisor(s, x, y, dtype));
  },
  accuracy: exact,
  samples: (rng) => [...binarySamples(rng, WIDE, { ...WIDE, low: -9, high: 9 }), ...divisionSamples()],
});

/** All 32 bits of a sample's operands are used: integers of any size. */
function words(rng: Rng, dtype: DType): Sample["operands"] {
  const next = (): number => (dtype === "u32" ? rng.u32() : rng.u32() | 0);
  return [filled(dtype, [33], next), filled(dtype, [33], next)];
}

function bits(name: string, scalar: BinaryScalar, doc: string, compute: (x: number, y: number) => number): OpDef {
  const traits: readonly Trait[] = ["commutative"];
  return elementwise({
    name,
    doc,
    operands: ["x", "y"],
    traits,
    dtypes: INTEGERS,
    compute: (args) => compute(operand(args, 0), operand(args, 1)),
    scalar: (s, args) => s.binary(scalar, operand(args, 0), operand(args, 1)),
    accuracy: exact,
    samples: (rng) => [
      ...binarySamples(rng, WIDE),
      ...INTEGERS.map((dtype) => ({ label: `all bits ${dtype}`, operands: words(rng, dtype), attrs: {} })),
    ],
  });
}

export const bitAnd = bits("bit_and", "and", "The bits that are set in x and in y.", (x, y) => x & y);
export const bitOr = bits("bit_or", "or", "The bits that are set in x or in y.", (x, y) => x | y);
export const bitXor = bits("bit_xor", "xor", "The bits that are set in one of x and y only.", (x, y) => x ^ y);

export const bitNot: OpDef = elementwise({
  name: "bit_not",
  doc: "The bits that are not set in x.",
  operands: ["x"],
  dtypes: INTEGERS,
  compute: (args) => ~operand(args, 0),
  scalar: (s, args) => s.unary("not", operand(args, 0)),
  accuracy: exact,
  samples: (rng) => unarySamples(rng, WIDE),
});

/** A shift moves by fewer bits than a word has; WGSL leaves more undefined, so the amount is taken modulo 32. */
const WORD = 32;

function shift(name: string, scalar: "shl" | "shr", doc: string, compute: Elementwise["compute"]): OpDef {
  return elementwise({
    name,
    doc,
    operands: ["x", "by"],
    dtypes: INTEGERS,
    compute,
    scalar(s, args, _attrs, dtype) {
      const by = s.binary("and", operand(args, 1), s.constant(WORD - 1, dtype));
      return s.binary(scalar, operand(args, 0), by);
    },
    accuracy: exact,
    samples: (rng) => [
      ...binarySamples(rng, WIDE, { low: 0, high: WORD - 1, dtypes: INTEGERS }),
      {
        label: "beyond the word i32",
        operands: [vector("i32", [-5, -5, 5, -1, -(2 ** 31)]), vector("i32", [32, 33, -1, 31, 31])],
        attrs: {},
      },
      {
        label: "beyond the word u32",
        operands: [vector("u32", [5, 4294967295, 4294967295, 1]), vector("u32", [32, 33, 31, 4294967295])],
        attrs: {},
      },
    ],
  });
}

export const shiftLeft = shift(
  "shift_left",
  "shl",
  "`out = x * 2^(by mod 32)`; bits beyond the word are lost.",
  (args) => operand(args, 0) << operand(args, 1),
);
export const shiftRight = shift(
  "shift_right",
  "shr",
  "`out = floor(x / 2^(by mod 32))`: an i32 keeps its sign, a u32 is filled with zeros.",
  (args, dtype) => (dtype === "u32" ? operand(args, 0) >>> operand(args, 1) : operand(args, 0) >> operand(args, 1)),
);
