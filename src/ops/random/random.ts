/**
 * random_bits and random_uniform: random numbers as elementwise functions of a key and a counter. There is no state:
 * a sequence is an `iota` as the counter. Bits and uniforms are the same on every target.
 */
import { exact, inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { elementwise } from "../elementwise/define.ts";
import { scalarConstant } from "../support/emit.ts";
import { filled, scalar } from "../support/sample-data.ts";
import { operand } from "../support/tensor.ts";
import { threefry, threefryScalar } from "./threefry.ts";
import type { ThreefryInput } from "./threefry.ts";

/** The operands of all that draws random numbers: two words of a key, two of a counter. */
export const COUNTED: readonly string[] = ["seed", "stream", "row", "index"];

export function inputOf<E>(args: readonly E[]): ThreefryInput<E> {
  return { key: [operand(args, 0), operand(args, 1)], counter: [operand(args, 2), operand(args, 3)] };
}

/** A uniform number takes the upper 24 bits of 32: all that f32 holds exactly. */
const UNIT = 2 ** -24;
const DROPPED = 256;

export const randomBits: OpDef = elementwise({
  name: "random_bits",
  doc:
    "The first word of Threefry-2x32-20 with the key (seed, stream) and the counter (row, index): u32. The operands " +
    "broadcast. Salmon et al. 2011.",
  operands: COUNTED,
  dtypes: ["u32"],
  compute: (args) => threefry(inputOf(args)),
  scalar: (s, args) => threefryScalar(s, inputOf(args)),
  accuracy: exact,
  samples: countedSamples,
});

export const randomUniform: OpDef = elementwise({
  name: "random_uniform",
  doc: "`out = floor(random_bits(seed, stream, row, index) / 256) / 2^24`: f32 in [0, 1), exact.",
  operands: COUNTED,
  traits: ["composite"],
  dtypes: ["u32"],
  result: "f32",
  compute: (args) => Math.floor(threefry(inputOf(args)) / DROPPED) * UNIT,
  scalar(s, args) {
    const upper = s.binary("div", threefryScalar(s, inputOf(args)), s.constant(DROPPED, "u32"));
    return s.binary("mul", s.cast(upper, "f32"), s.constant(UNIT, "f32"));
  },
  decompose(b, operands) {
    const upper = b.emit("div", [b.emit("random_bits", operands), scalarConstant(b, "u32", DROPPED)]);
    return [b.emit("mul", [b.emit("cast", [upper], { dtype: "f32" }), scalarConstant(b, "f32", UNIT)])];
  },
  accuracy: inherited,
  samples: countedSamples,
});

export function countedSamples(rng: Rng): readonly Sample[] {
  const words = (dims: readonly number[]): ReturnType<typeof filled> => filled("u32", dims, () => rng.u32());
  const count = (dims: readonly number[]): ReturnType<typeof filled> => filled("u32", dims, (position) => position);
  return [
    { label: "one", operands: [words([]), words([]), words([]), words([1])], attrs: {} },
    { label: "rows and indices", operands: [words([]), scalar("u32", 3), count([3, 1]), count([7])], attrs: {} },
    {
      label: "beyond a workgroup",
      operands: [scalar("u32", 1), scalar("u32", 0), scalar("u32", 0), count([300])],
      attrs: {},
    },
    {
      label: "symbolic",
      operands: [words([]), words([]), count([2, 1]), count([3])],
      types: [
        tensorType("u32", []),
        tensorType("u32", []),
        tensorType("u32", [Dim.symbol("B"), 1]),
        tensorType("u32", [Dim.symbol("T")]),
      ],
      symbols: { B: 2, T: 3 },
      attrs: {},
    },
  ];
}
