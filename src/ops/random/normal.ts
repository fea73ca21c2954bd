/** random_normal: standard normal numbers as an elementwise function of a key and a counter. */
import { ulp } from "../../ir/op-def.ts";
import type { OpDef } from "../../ir/op-def.ts";
import { elementwise } from "../elementwise/define.ts";
import { inverseNormal, inverseNormalScalar } from "./inverse-normal.ts";
import { COUNTED, countedSamples, inputOf } from "./random.ts";
import { threefry, threefryScalar } from "./threefry.ts";

/** Bits that are dropped: the upper 23 and a half make a number in (0, 1) that f32 holds, and so does `1 - u`. */
const DROPPED = 512;
const UNIT = 2 ** -23;

export const randomNormal: OpDef = elementwise({
  name: "random_normal",
  doc:
    "The x with `P(X < x) = u` for a standard normal X and `u = (floor(random_bits(seed, stream, row, index) / 512) + " +
    "1/2) / 2^23`: f32, |x| < 5.3. Wichura 1988, AS 241.",
  operands: COUNTED,
  dtypes: ["u32"],
  result: "f32",
  compute: (args) => inverseNormal((Math.floor(threefry(inputOf(args)) / DROPPED) + 0.5) * UNIT - 0.5),
  scalar(s, args) {
    const upper = s.cast(s.binary("div", threefryScalar(s, inputOf(args)), s.constant(DROPPED, "u32")), "f32");
    const unit = s.binary("mul", s.binary("add", upper, s.constant(0.5, "f32")), s.constant(UNIT, "f32"));
    return inverseNormalScalar(s, s.binary("sub", unit, s.constant(0.5, "f32")));
  },
  accuracy: ulp(8),
  samples: countedSamples,
});
