/**
 * A handful of op records that only the tests of the IR and of the interpreter use, so that these tests say something
 * about the IR and not about the list of ops: `twice`, `plus` (an optional operand), `ramp`,
 * `table` (a constant), `halves` (two results), `effect` (not pure).
 */
import { Dim } from "../../../src/support/dim.ts";
import type { Attr, Literal } from "../../../src/ir/ir.ts";
import { exact } from "../../../src/ir/op-def.ts";
import type { OpDef, OpTable, Tensor } from "../../../src/ir/op-def.ts";
import { sameType, typeText } from "../../../src/ir/type.ts";
import type { DType } from "../../../src/ir/type.ts";

const twice: OpDef = {
  name: "twice",
  doc: "`out = 2 * x`.",
  operands: ["x"],
  attrs: {},
  traits: ["pure", "elementwise"],
  infer: ([x]) => (x ? [x] : "no operand"),
  evaluate: ([x], _, context) => [mapped(x as Tensor, (v) => context.round(2 * v, (x as Tensor).dtype))],
  accuracy: exact,
  samples: () => [],
};

const plus: OpDef = {
  name: "plus",
  doc: "`out = x + y + z`, with z 0 if absent.",
  operands: ["x", "y", "z?"],
  attrs: { scale: { kind: "float", doc: "Multiplies the sum.", default: 1 } },
  traits: ["pure", "elementwise"],
  infer: ([x, y, z]) => {
    if (!x || !y) return "two operands are needed";
    if (!sameType(x, y)) return `${typeText(x)} and ${typeText(y)} differ`;
    if (z && !sameType(x, z)) return `${typeText(x)} and ${typeText(z)} differ`;
    return [x];
  },
  evaluate: ([x, y, z], { scale }, context) => [
    mapped(x as Tensor, (v, i) => {
      const sum = v + (y as Tensor).data[i]! + (z ? z.data[i]! : 0);
      return context.round(sum * (scale as number), (x as Tensor).dtype);
    }),
  ],
  accuracy: exact,
  samples: () => [],
};

const ramp: OpDef = {
  name: "ramp",
  doc: "`out[i] = i` over all elements, of the given sizes.",
  operands: [],
  attrs: {
    dims: { kind: "dims", doc: "The sizes." },
    dtype: { kind: "dtype", doc: "The element type.", default: "f32" },
    order: { kind: "word", doc: "Up or down.", default: "up", words: ["up", "down"] },
  },
  traits: ["pure"],
  infer: (_, { dims, dtype }) => [
    { dtype: dtype as DType, dims: (dims as readonly Attr[]).map((d) => Dim.of(d as Dim | number)) },
  ],
  evaluate: (_, { order }, context) => {
    const { dtype, dims } = context.results[0]!;
    const count = dims.reduce((a, b) => a * b, 1);
    return [
      { dtype, dims, data: Float64Array.from({ length: count }, (_, i) => (order === "up" ? i : count - 1 - i)) },
    ];
  },
  accuracy: exact,
  samples: () => [],
};

const table: OpDef = {
  name: "table",
  doc: "A constant.",
  operands: [],
  attrs: { value: { kind: "literal", doc: "The elements." } },
  traits: ["pure"],
  infer: (_, { value }) => [{ dtype: (value as Literal).dtype, dims: (value as Literal).dims.map((d) => Dim.of(d)) }],
  evaluate: (_, { value }) => {
    const { dtype, dims, data } = value as Literal;
    return [{ dtype, dims, data: Float64Array.from(data) }];
  },
  accuracy: exact,
  samples: () => [],
};

const halves: OpDef = {
  name: "halves",
  doc: "Two results: `x / 2` and `x - x / 2`.",
  operands: ["x"],
  attrs: {},
  traits: ["pure"],
  infer: ([x]) => (x ? [x, x] : "no operand"),
  evaluate: ([x], _, context) => {
    const half = mapped(x as Tensor, (v) => context.round(v / 2, (x as Tensor).dtype));
    return [half, mapped(x as Tensor, (v, i) => context.round(v - half.data[i]!, (x as Tensor).dtype))];
  },
  accuracy: exact,
  samples: () => [],
};

const effect: OpDef = { ...twice, name: "effect", doc: "Like twice, but not pure.", traits: [] };

function mapped(x: Tensor, f: (v: number, i: number) => number): Tensor {
  return { dtype: x.dtype, dims: x.dims, data: x.data.map(f) };
}

export const MINI_OPS: OpTable = new Map([twice, plus, ramp, table, halves, effect].map((def) => [def.name, def]));
