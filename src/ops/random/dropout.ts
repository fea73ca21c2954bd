/**
 * dropout: elements set to 0 at random, the others scaled so that the mean stays. Which ones is a function of a key and
 * of where an element stands, as all randomness here: the same call drops the same elements on every target, and a
 * token at its position in a session is treated as in the whole sequence.
 */
import { ulp } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import type { Attrs } from "../../ir/ir.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { DType, TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { elementwise } from "../elementwise/define.ts";
import { numberAttr } from "../support/attrs.ts";
import { scalarConstant } from "../support/emit.ts";
import { filled, normal, scalar } from "../support/sample-data.ts";
import { FLOATS, wrongDType } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { dropoutSurface } from "./dropout-surface.ts";
import { COUNTED, inputOf } from "./random.ts";
import { threefry, threefryScalar } from "./threefry.ts";

/** Bits below the 24 that decide. */
const DROPPED = 256;

/** The smallest of 2^24 equally likely numbers that keeps an element; a whole number, so that no target rounds it. */
function threshold(attrs: Attrs): number {
  return Math.ceil(numberAttr(attrs, "p") * 2 ** 24);
}

function scaleOf(attrs: Attrs): number {
  return 1 / (1 - numberAttr(attrs, "p"));
}

const OPERANDS = ["x", ...COUNTED];

const record = elementwise({
  name: "dropout",
  doc:
    "`out = x / (1 - p)` where `random_uniform(seed, stream, row, index) >= p`, else 0. In the language rows " +
    "count the first axis of x, and the index the others, the axis T slowest. Srivastava et al. 2014.",
  operands: OPERANDS,
  traits: ["composite"],
  attrs: { p: { kind: "float", range: { least: 0 }, doc: "The probability that an element becomes 0; below 1." } },
  dtypes: FLOATS,
  check: (types, attrs) => operandsType(types, attrs),
  compute(args, _dtype, attrs) {
    const [x = 0, ...counted] = args;
    return Math.floor(threefry(inputOf(counted)) / DROPPED) >= threshold(attrs) ? x * scaleOf(attrs) : 0;
  },
  scalar(s, args, attrs, dtype) {
    const upper = s.binary("div", threefryScalar(s, inputOf(args.slice(1))), s.constant(DROPPED, "u32"));
    const isKept = s.compare("ge", upper, s.constant(threshold(attrs), "u32"));
    const scaled = s.binary("mul", operand(args, 0), s.constant(scaleOf(attrs), dtype));
    return s.select(isKept, scaled, s.constant(0, dtype));
  },
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    const { dtype } = x.type;
    const upper = b.emit("div", [b.emit("random_bits", operands.slice(1)), scalarConstant(b, "u32", DROPPED)]);
    const isKept = b.emit("ge", [upper, scalarConstant(b, "u32", threshold(attrs))]);
    const scaled = b.emit("mul", [x, scalarConstant(b, dtype, scaleOf(attrs))]);
    return [b.emit("select", [isKept, scaled, scalarConstant(b, dtype, 0)])];
  },
  // The factor is rounded, and the product.
  accuracy: ulp(2),
  samples: (rng): readonly Sample[] => {
    const word = (): ReturnType<typeof scalar> => scalar("u32", rng.u32());
    const count = (dims: readonly number[]): ReturnType<typeof filled> => filled("u32", dims, (position) => position);
    return [
      { label: "one", operands: [normal(rng, [1]), word(), word(), count([]), count([1])], attrs: { p: 0.5 } },
      {
        label: "odd",
        operands: [normal(rng, [3, 7]), word(), word(), count([3, 1]), count([7])],
        attrs: { p: 0.25 },
      },
      { label: "none", operands: [normal(rng, [33]), word(), word(), count([]), count([33])], attrs: { p: 0 } },
      {
        label: "beyond a workgroup",
        operands: [normal(rng, [300]), word(), word(), count([]), count([300])],
        attrs: { p: 0.1 },
      },
      {
        label: "symbolic",
        operands: [normal(rng, [2, 3, 5]), word(), word(), count([2, 1, 1]), count([3, 5])],
        types: [
          tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5]),
          ...[[], [], [Dim.symbol("B"), 1, 1], [Dim.symbol("T"), 5]].map((dims) => tensorType("u32", dims)),
        ],
        symbols: { B: 2, T: 3 },
        attrs: { p: 0.75 },
      },
    ];
  },
});

export const dropout: OpDef = { ...record, surface: dropoutSurface };

function operandsType(types: readonly TensorType[], attrs: Attrs): DType | { readonly sentence: string } {
  const p = numberAttr(attrs, "p");
  if (!(p >= 0 && p < 1)) return { sentence: `p is ${p}, and it must be at least 0 and below 1` };
  const x = operand(types, 0);
  const sentence = wrongDType("x", x, FLOATS);
  if (sentence !== undefined) return { sentence };
  const wrong = types.findIndex((type, i) => i > 0 && type.dtype !== "u32");
  if (wrong < 0) return x.dtype;
  return { sentence: `${OPERANDS[wrong]} is ${typeText(operand(types, wrong))}, and its element type must be u32` };
}
