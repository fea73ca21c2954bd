/** relu, relu_squared, silu, quick_gelu, gelu, gelu_tanh: composites that are also elementwise, each written once in scalar operations. */
import { inherited } from "../../ir/op-def.ts";
import { erf } from "../support/erf.ts";
import { FLOATS } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { elementwise, unarySamples } from "./define.ts";
import { sigmoid, sigmoidOf } from "./transcendental.ts";
import { defined } from "../../support/errors.ts";

const RANGE = { low: -6, high: 6 };
const sigmoidScalar = defined(sigmoid.scalar, "sigmoid is elementwise");

export const relu = elementwise({
  name: "relu",
  doc: "`out = max(x, 0)`.",
  operands: ["x"],
  traits: ["composite"],
  dtypes: FLOATS,
  compute: (args) => Math.max(operand(args, 0), 0),
  scalar: (s, args, _attrs, dtype) => s.binary("max", operand(args, 0), s.constant(0, dtype)),
  accuracy: inherited,
  samples: (rng) => unarySamples(rng, RANGE),
});

export const reluSquared = elementwise({
  name: "relu_squared",
  doc: "`out = max(x, 0)^2`. So et al. 2021, arXiv:2109.08668.",
  operands: ["x"],
  traits: ["composite"],
  dtypes: FLOATS,
  compute: (args) => Math.max(operand(args, 0), 0) ** 2,
  scalar(s, args, _attrs, dtype) {
    const positive = s.binary("max", operand(args, 0), s.constant(0, dtype));
    return s.binary("mul", positive, positive);
  },
  accuracy: inherited,
  samples: (rng) => unarySamples(rng, RANGE),
});

export const silu = elementwise({
  name: "silu",
  doc: "`out = x * sigmoid(x)`, also called swish. Elfwing et al. 2017, arXiv:1702.03118.",
  operands: ["x"],
  traits: ["composite"],
  dtypes: FLOATS,
  compute: (args) => operand(args, 0) * sigmoidOf(operand(args, 0)),
  scalar: (s, args, attrs, dtype) => s.binary("mul", operand(args, 0), sigmoidScalar(s, args, attrs, dtype)),
  accuracy: inherited,
  samples: (rng) => unarySamples(rng, RANGE),
});

/** The factor with which the sigmoid comes closest to the normal distribution, from arXiv:1606.08415. */
const QUICK = 1.702;

export const quickGelu = elementwise({
  name: "quick_gelu",
  doc: "`out = x * sigmoid(1.702 x)`: the approximation of gelu that CLIP uses. Hendrycks and Gimpel 2016, arXiv:1606.08415.",
  operands: ["x"],
  traits: ["composite"],
  dtypes: FLOATS,
  compute: (args) => operand(args, 0) * sigmoidOf(QUICK * operand(args, 0)),
  scalar(s, args, attrs, dtype) {
    const x = operand(args, 0);
    const share = sigmoidScalar(s, [s.binary("mul", x, s.constant(QUICK, dtype))], attrs, dtype);
    return s.binary("mul", x, share);
  },
  accuracy: inherited,
  samples: (rng) => unarySamples(rng, RANGE),
});

export const gelu = elementwise({
  name: "gelu",
  doc: "`out = x / 2 * (1 + erf(x / sqrt(2)))`. Hendrycks and Gimpel 2016, arXiv:1606.08415.",
  operands: ["x"],
  traits: ["composite"],
  dtypes: FLOATS,
  compute: (args) => 0.5 * operand(args, 0) * (1 + erf(operand(args, 0) * Math.SQRT1_2)),
  scalar(s, args, _attrs, dtype) {
    const x = operand(args, 0);
    const half = s.binary("mul", s.constant(0.5, dtype), x);
    const share = s.unary("erf", s.binary("mul", x, s.constant(Math.SQRT1_2, dtype)));
    return s.binary("mul", half, s.binary("add", s.constant(1, dtype), share));
  },
  accuracy: inherited,
  samples: (rng) => unarySamples(rng, RANGE),
});

/** sqrt(2 / pi) and the cubic coefficient of the approximation, both from arXiv:1606.08415. */
const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

export const geluTanh = elementwise({
  name: "gelu_tanh",
  doc: "`out = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`: the approximation of gelu that GPT-2 uses.",
  operands: ["x"],
  traits: ["composite"],
  dtypes: FLOATS,
  compute(args) {
    const x = operand(args, 0);
    return 0.5 * x * (1 + Math.tanh(SCALE * (x + CUBIC * (x * x * x))));
  },
  scalar(s, args, _attrs, dtype) {
    const x = operand(args, 0);
    const cube = s.binary("mul", s.binary("mul", x, x), x);
    const inner = s.binary("add", x, s.binary("mul", s.constant(CUBIC, dtype), cube));
    const share = s.unary("tanh", s.binary("mul", s.constant(SCALE, dtype), inner));
    const half = s.binary("mul", s.constant(0.5, dtype), x);
    return s.binary("mul", half, s.binary("add", s.constant(1, dtype), share));
  },
  accuracy: inherited,
  samples: (rng) => unarySamples(rng, RANGE),
});
