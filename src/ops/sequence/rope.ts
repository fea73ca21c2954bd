/**
 * rope: rotary position embedding. The first R = 2 F channels are rotated in pairs by an angle that grows with the
 * position, the rest passes through. The language's `rope(x, theta)` is in `rope-surface.ts`.
 */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { boolAttr, numberAttr, numbersAttr } from "../support/attrs.ts";
import { reshape, slice } from "../support/emit.ts";
import { integers, normal, vector } from "../support/sample-data.ts";
import { FLOATS, butText, lastDim, wrongDType } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { ropeSurface } from "./rope-surface.ts";

export const rope: OpDef = {
  name: "rope",
  doc:
    "With `a = positions * frequencies[j]`: `(u, v) -> scale * (u cos a - v sin a, v cos a + u sin a)`, where (u, v) are " +
    "channels (j, j + F), or (2j, 2j + 1) if `interleaved`, F the number of frequencies; channels from 2F on pass " +
    "through. x: f[..., T, D] (B first, if there are more axes), positions: i32[T] or i32[B, T]. Su et al. 2021, " +
    "arXiv:2104.09864.",
  operands: ["x", "positions"],
  attrs: {
    frequencies: { kind: "floats", doc: "Radians per position, one for each rotated pair of channels." },
    scale: { kind: "float", doc: "Factor of cosine and sine (the attention factor of some scalings).", default: 1 },
    interleaved: {
      kind: "bool",
      doc: "Whether pairs are neighbours; otherwise the halves are paired.",
      default: false,
    },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [x, positions] = [operand(operands, 0), operand(operands, 1)];
    return ropeSentence(x, positions, attrs) ?? [x];
  },
  evaluate(operands, attrs, context) {
    const [x, positions] = [operand(operands, 0), operand(operands, 1)];
    const out = resultTensor(context);
    const frequencies = numbersAttr(attrs, "frequencies");
    const scale = numberAttr(attrs, "scale");
    const [T, D] = [operand(x.dims, x.dims.length - 2), operand(x.dims, x.dims.length - 1)];
    const rowsPerBatch = positions.dims.length === 2 ? x.data.length / D / at(x.dims, 0) : Infinity;
    const round = (value: number): number => context.round(value, x.dtype);
    out.data.set(x.data);
    for (let row = 0; row < x.data.length / D; row++) {
      const position = at(positions.data, Math.floor(row / rowsPerBatch) * T + (row % T));
      frequencies.forEach((frequency, j) => {
        const cos = round(scale * Math.cos(position * frequency));
        const sin = round(scale * Math.sin(position * frequency));
        const [first, second] = boolAttr(attrs, "interleaved") ? [2 * j, 2 * j + 1] : [j, j + frequencies.length];
        const [u, v] = [at(x.data, row * D + first), at(x.data, row * D + second)];
        out.data[row * D + first] = round(round(u * cos) - round(v * sin));
        out.data[row * D + second] = round(round(v * cos) + round(u * sin));
      });
    }
    return [out];
  },
  decompose(b, operands, attrs) {
    const [x, positions] = [operand(operands, 0), operand(operands, 1)];
    const [cos, sin] = angles(b, x, positions, attrs);
    return [boolAttr(attrs, "interleaved") ? rotateNeighbours(b, x, cos, sin) : rotateHalves(b, x, cos, sin)];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => {
    const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
    const plain: Attrs = { frequencies: [1, 0.1], scale: 1, interleaved: false };
    return [
      {
        label: "one pair",
        operands: [normal(rng, [1, 1, 1, 2]), vector("i32", [0])],
        attrs: { frequencies: [1], scale: 1, interleaved: false },
        symbols: { S: 1 },
      },
      {
        label: "halves, positions of T",
        operands: [normal(rng, [2, 3, 5, 4]), vector("i32", [0, 1, 2, 3, 4])],
        types: [tensorType("f32", [B, 3, T, 4]), tensorType("i32", [T])],
        symbols: { B: 2, T: 5, S: 8 },
        attrs: plain,
      },
      {
        label: "partial, scaled, positions of B and T",
        operands: [normal(rng, [2, 3, 3, 7]), integers(rng, [2, 3], 0, 40)],
        types: [tensorType("f32", [B, 3, T, 7]), tensorType("i32", [B, T])],
        symbols: { B: 2, T: 3, S: 40 },
        attrs: { ...plain, scale: 1.25 },
      },
      {
        label: "neighbours",
        operands: [normal(rng, [1, 2, 3, 6]), vector("i32", [3, 1, 2])],
        symbols: { S: 4 },
        attrs: { frequencies: [1, 0.1, 0.01], scale: 1, interleaved: true },
      },
      {
        label: "neighbours, partial, no axis of heads, beyond a workgroup",
        operands: [normal(rng, [70, 5]), integers(rng, [70], 0, 70)],
        symbols: { S: 70 },
        attrs: { ...plain, interleaved: true },
      },
    ];
  },
  surface: ropeSurface,
};

function ropeSentence(x: TensorType, positions: TensorType, attrs: Attrs): string | undefined {
  const sentence = wrongDType("x", x, FLOATS) ?? wrongDType("positions", positions, ["i32"]);
  if (sentence !== undefined) return sentence;
  const rank = x.dims.length;
  if (rank < 2) return `x is ${typeText(x)}, and it must be [..., T, D]`;
  const expected = positions.dims.length === 2 && rank > 2 ? [operand(x.dims, 0)] : [];
  const isMatch =
    positions.dims.length === expected.length + 1 &&
    [...expected, operand(x.dims, rank - 2)].every((dim, axis) => dim.equals(operand(positions.dims, axis)));
  if (!isMatch) return `${butText("x", x, "positions", positions)}: positions are [T] or [B, T]`;
  const rotated = 2 * numbersAttr(attrs, "frequencies").length;
  const channels = lastDim(x).asNumber();
  if (channels === undefined || rotated === 0 || rotated > channels)
    return `x is ${typeText(x)}, and ${rotated} of its ${lastDim(x)} channels cannot be rotated`;
  return undefined;
}

/** Cosines and sines from the load-time table, shaped [T, F] or [B, 1, ..., T, F] so that they broadcast with x. */
function angles(b: Builder, x: Value, positions: Value, attrs: Attrs): readonly [cos: Value, sin: Value] {
  const frequencies = numbersAttr(attrs, "frequencies");
  const scale = numberAttr(attrs, "scale");
  const table = b.emit("angle_table", [], { frequencies, scale, rows: Dim.symbol("S") });
  const taken = b.emit("take", [table, positions], { axis: 0, batch: 0 });
  const own = positions.type.dims;
  const between = own.length === 2 ? x.type.dims.slice(3).map(() => 1) : [];
  const shape = [...own.slice(0, -1), ...between, ...own.slice(-1), frequencies.length];
  const part = (which: number): Value => {
    const flat = reshape(b, slice(b, taken, own.length, which, which + 1), shape);
    return x.type.dtype === "f32" ? flat : b.emit("cast", [flat], { dtype: x.type.dtype });
  };
  return [part(0), part(1)];
}

/** `(u cos - v sin, v cos + u sin)`. */
function rotate(b: Builder, u: Value, v: Value, cos: Value, sin: Value): readonly [Value, Value] {
  const times = (value: Value, factor: Value): Value => b.emit("mul", [value, factor]);
  return [b.emit("sub", [times(u, cos), times(v, sin)]), b.emit("add", [times(v, cos), times(u, sin)])];
}

function rotateHalves(b: Builder, x: Value, cos: Value, sin: Value): Value {
  const axis = x.type.dims.length - 1;
  const half = lastDim(cos.type);
  const turned = rotate(b, slice(b, x, axis, 0, half), slice(b, x, axis, half, half.mul(2)), cos, sin);
  return joined(b, x, turned, half.mul(2));
}

function rotateNeighbours(b: Builder, x: Value, cos: Value, sin: Value): Value {
  const axis = x.type.dims.length - 1;
  const pairs = lastDim(cos.type);
  const column = [...x.type.dims.slice(0, -1), pairs, 1];
  const apart = reshape(b, slice(b, x, axis, 0, pairs.mul(2)), [...x.type.dims.slice(0, -1), pairs, 2]);
  const part = (which: number): Value =>
    reshape(b, slice(b, apart, axis + 1, which, which + 1), [...x.type.dims.slice(0, -1), pairs]);
  const turned = rotate(b, part(0), part(1), cos, sin).map((value) => reshape(b, value, column));
  const together = b.emit("concat", turned, { axis: axis + 1 });
  return joined(b, x, [reshape(b, together, [...x.type.dims.slice(0, -1), pairs.mul(2)])], pairs.mul(2));
}

/** The rotated channels, then those of x from `rotated` on. */
function joined(b: Builder, x: Value, parts: readonly Value[], rotated: Dim): Value {
  const axis = x.type.dims.length - 1;
  const rest = lastDim(x.type).equals(rotated) ? [] : [slice(b, x, axis, rotated, lastDim(x.type))];
  const all = [...parts, ...rest];
  return all.length === 1 ? operand(all, 0) : b.emit("concat", all, { axis });
}
