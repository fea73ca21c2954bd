/** Rules about ops that move elements and compute none: moves that move nothing, and two moves that are one. */
import { sameType } from "../../../src/ir/type.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import { sameDims } from "../../../src/support/dim.ts";
import type { Match, Rule } from "../../manager/rules.ts";
import { axisAttr, dimAttr, dimsAttr, numberAttr, numbersAttr } from "../attrs.ts";

function hasOperandsType(match: Match): boolean {
  const [made] = match.op.results;
  return made !== undefined && sameType(made.type, match.operand(0).type);
}

/** The operand of the op that makes this op's operand, if that is a `name` too. */
function under(match: Match, name: string): { readonly op: Op; readonly x: Value } | undefined {
  const op = match.definition(match.operand(0));
  const x = op?.operands[0];
  return op === undefined || op.name !== name || x === null || x === undefined ? undefined : { op, x };
}

const example = (lines: readonly string[], returned: string, x = "2, 2", y = "2, 2"): string =>
  `func @f(%x: f32[${x}]) -> (y: f32[${y}]) {\n${lines.map((line) => `  ${line}\n`).join("")}  return ${returned}\n}\n`;

const sameShape: Rule = {
  name: "move-nothing",
  equation: "reshape(x, shape of x) = broadcast(x, shape of x) = x",
  promise: "bit-exact",
  roots: ["reshape", "broadcast"],
  rewrite: (match) => (hasOperandsType(match) ? match.operand(0) : undefined),
  examples: [
    { before: example(["%r = reshape(%x) {shape = [2, 2]} : f32[2, 2]"], "%r"), after: example([], "%x") },
    { before: example(["%r = broadcast(%x) {shape = [2, 2]} : f32[2, 2]"], "%r"), after: example([], "%x") },
    { before: example(["%r = reshape(%x) {shape = [4]} : f32[4]"], "%r", "2, 2", "4") },
  ],
};

const wholeSlice: Rule = {
  name: "slice-whole",
  equation: "slice(x, axis, 0, size) = x",
  promise: "bit-exact",
  roots: ["slice"],
  // Equal sizes mean start 0: a range of the full length has no other place.
  rewrite: (match) => (hasOperandsType(match) && dimAttr(match.op, "start").equals(0) ? match.operand(0) : undefined),
  examples: [
    { before: example(["%r = slice(%x) {axis = 0, start = 0, end = 2} : f32[2, 2]"], "%r"), after: example([], "%x") },
    { before: example(["%r = slice(%x) {axis = 0, start = 0, end = 1} : f32[1, 2]"], "%r", "2, 2", "1, 2") },
  ],
};

const emptyPad: Rule = {
  name: "pad-nothing",
  equation: "pad(x, 0, 0) = x",
  promise: "bit-exact",
  roots: ["pad"],
  rewrite: (match) =>
    dimAttr(match.op, "before").equals(0) && dimAttr(match.op, "after").equals(0) ? match.operand(0) : undefined,
  examples: [
    {
      before: example(["%r = pad(%x) {axis = 0, before = 0, after = 0, value = 1.0} : f32[2, 2]"], "%r"),
      after: example([], "%x"),
    },
    {
      before: example(
        ["%r = pad(%x) {axis = 0, before = 0, after = 1, value = 1.0} : f32[3, 2]"],
        "%r",
        "2, 2",
        "3, 2",
      ),
    },
  ],
};

const concatOne: Rule = {
  name: "concat-one",
  equation: "concat(x) = x",
  promise: "bit-exact",
  roots: ["concat"],
  rewrite: (match) => (match.op.operands.length === 1 ? match.operand(0) : undefined),
  examples: [
    { before: example(["%r = concat(%x) {axis = 0} : f32[2, 2]"], "%r"), after: example([], "%x") },
    { before: example(["%r = concat(%x, %x) {axis = 0} : f32[4, 2]"], "%r", "2, 2", "4, 2") },
  ],
};

const reshapeReshape: Rule = {
  name: "reshape-reshape",
  equation: "reshape(reshape(x, a), b) = reshape(x, b)",
  promise: "bit-exact",
  roots: ["reshape"],
  rewrite(match) {
    const inner = under(match, "reshape");
    return (
      inner && match.b.emit("reshape", [inner.x], { shape: dimsAttr(match.op, "shape") }, match.op.results[0]?.name)
    );
  },
  examples: [
    {
      before: example(["%r = reshape(%x) {shape = [4]} : f32[4]", "%s = reshape(%r) {shape = [1, 4]} : f32[1, 4]"], "%s", "2, 2", "1, 4"), // prettier-ignore
      after: example(["%s = reshape(%x) {shape = [1, 4]} : f32[1, 4]"], "%s", "2, 2", "1, 4"),
    },
    {
      before: example(["%r = transpose(%x) {perm = [1, 0]} : f32[2, 2]", "%s = reshape(%r) {shape = [4]} : f32[4]"], "%s", "2, 2", "4"), // prettier-ignore
    },
  ],
};

const transposeIdentity: Rule = {
  name: "transpose-nothing",
  equation: "transpose(x, identity) = x",
  promise: "bit-exact",
  roots: ["transpose"],
  rewrite: (match) => (numbersAttr(match.op, "perm").every((axis, i) => axis === i) ? match.operand(0) : undefined),
  examples: [
    { before: example(["%r = transpose(%x) {perm = [0, 1]} : f32[2, 2]"], "%r"), after: example([], "%x") },
    { before: example(["%r = transpose(%x) {perm = [1, 0]} : f32[2, 2]"], "%r") },
  ],
};

const transposeTranspose: Rule = {
  name: "transpose-transpose",
  equation: "transpose(transpose(x, p), q) = transpose(x, p[q])",
  promise: "bit-exact",
  roots: ["transpose"],
  rewrite(match) {
    const inner = under(match, "transpose");
    if (inner === undefined) return undefined;
    const first = numbersAttr(inner.op, "perm");
    const perm = numbersAttr(match.op, "perm").map((axis) => first[axis] ?? axis);
    return match.b.emit("transpose", [inner.x], { perm }, match.op.results[0]?.name);
  },
  examples: [
    {
      before: example(["%r = transpose(%x) {perm = [1, 2, 0]} : f32[2, 3, 1]", "%s = transpose(%r) {perm = [1, 0, 2]} : f32[3, 2, 1]"], "%s", "1, 2, 3", "3, 2, 1"), // prettier-ignore
      after: example(["%s = transpose(%x) {perm = [2, 1, 0]} : f32[3, 2, 1]"], "%s", "1, 2, 3", "3, 2, 1"),
    },
  ],
};

const transposeOnes: Rule = {
  name: "transpose-ones",
  equation: "transpose(x, p) = reshape(x)",
  condition: "p keeps the order of the axes whose size is not 1",
  promise: "bit-exact",
  roots: ["transpose"],
  rewrite(match) {
    const { dims } = match.operand(0).type;
    const long = numbersAttr(match.op, "perm").filter((axis) => dims[axis]?.equals(1) === false);
    if (!long.every((axis, i) => i === 0 || axis > (long[i - 1] ?? -1))) return undefined;
    return match.b.emit(
      "reshape",
      [match.operand(0)],
      { shape: match.op.results[0]?.type.dims ?? [] },
      match.op.results[0]?.name,
    );
  },
  examples: [
    {
      before: example(["%r = transpose(%x) {perm = [1, 0, 2]} : f32[3, 1, 2]"], "%r", "1, 3, 2", "3, 1, 2"),
      after: example(["%r = reshape(%x) {shape = [3, 1, 2]} : f32[3, 1, 2]"], "%r", "1, 3, 2", "3, 1, 2"),
    },
    { before: example(["%r = transpose(%x) {perm = [2, 0, 1]} : f32[2, 1, 3]"], "%r", "1, 3, 2", "2, 1, 3") },
  ],
};

const takeOnly: Rule = {
  name: "take-only",
  equation: "take(x, index) = reshape(x)",
  condition: "the axis has size 1 and one index a row, which is clamped to 0",
  promise: "bit-exact",
  roots: ["take"],
  rewrite(match) {
    const { dims } = match.operand(0).type;
    const shape = match.op.results[0]?.type.dims ?? [];
    const rest = dims.filter((_, axis) => axis !== axisAttr(match.op, dims.length));
    const indices = match.operand(1).type.dims.slice(numberAttr(match.op, "batch"));
    if (dims.length === rest.length || !dims[axisAttr(match.op, dims.length)]?.equals(1)) return undefined;
    if (!indices.every((size) => size.equals(1)) || sameDims(rest, dims)) return undefined;
    return match.b.emit("reshape", [match.operand(0)], { shape }, match.op.results[0]?.name);
  },
  examples: [
    {
      before: example(["%i = constant() {value = i32[1](7)} : i32[1]", "%t = take(%x, %i) {axis = 0, batch = 0} : f32[1, 2]"], "%t", "1, 2", "1, 2"), // prettier-ignore
      after: example(["%t = reshape(%x) {shape = [1, 2]} : f32[1, 2]"], "%t", "1, 2", "1, 2"),
    },
    {
      before: example(["%i = constant() {value = i32[1](1)} : i32[1]", "%t = take(%x, %i) {axis = 0, batch = 0} : f32[1, 2]"], "%t", "2, 2", "1, 2"), // prettier-ignore
    },
  ],
};

export const MOVE_RULES: readonly Rule[] = [
  ...[sameShape, wholeSlice, emptyPad, concatOne, reshapeReshape],
  ...[transposeIdentity, transposeTranspose, transposeOnes, takeOnly],
];
