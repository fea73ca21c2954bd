/**
 * The steps that connect the values of a random program. Each looks for a value it can use, emits a few ops and puts
 * the result into the pool; where nothing fits it does nothing. Numbers stay tame: arguments of `log`, `rsqrt` and
 * divisors are at least 0.5, factors and exponents at most 1.
 */
import type { Builder, TensorType, Value } from "../../src/ir/index.ts";
import { familyType, memberType, value } from "../../src/ir/index.ts";
import { Dim } from "../../src/support/dim.ts";
import type { Draft } from "./programs.ts";

export type Step = (draft: Draft) => void;

const MOST_ELEMENTS = 4096;

/** `|x| + 0.5`, where the functions with a pole are tame. */
function positive(b: Builder, x: Value): Value {
  const half = b.emit("constant", [], { value: { kind: "literal", dtype: "f32", dims: [], data: [0.5] } });
  return b.emit("add", [b.emit("abs", [x]), half]);
}

const UNARY = ["neg", "abs", "tanh", "sigmoid", "sin", "cos", "erf", "relu", "silu", "gelu", "gelu_tanh", "softplus", "quick_gelu"]; // prettier-ignore
const POSITIVE = ["log", "sqrt", "rsqrt"];

const unary: Step = (draft) => {
  const { rng, b } = draft;
  const x = draft.float();
  if (x === undefined) return;
  const choice = rng.uniform();
  if (choice < 0.6) keep(draft, draft.tryEmit(rng.pick(UNARY), [x]));
  else if (choice < 0.8) keep(draft, draft.tryEmit(rng.pick(POSITIVE), [positive(b, x)]));
  else keep(draft, draft.tryEmit("exp", [b.emit("tanh", [x])]));
};

const binary: Step = (draft) => {
  const { rng, b } = draft;
  const x = draft.float();
  const y = draft.float();
  if (x === undefined || y === undefined) return;
  const name = rng.pick(["add", "sub", "max", "min", "mul", "div"]);
  const right = name === "mul" ? b.emit("tanh", [y]) : name === "div" ? positive(b, y) : y;
  keep(draft, draft.tryEmit(name, [x, right]));
};

const choose: Step = (draft) => {
  const x = draft.float();
  const y = draft.float();
  if (x === undefined || y === undefined) return;
  const condition = draft.tryEmit(draft.rng.pick(["lt", "le", "gt", "ge"]), [x, y]);
  if (condition !== undefined) keep(draft, draft.tryEmit("select", [condition, x, y]));
};

const reduce: Step = (draft) => {
  const x = draft.float((type) => type.dims.length > 0);
  if (x === undefined) return;
  const attrs = { axis: draft.rng.int(0, x.type.dims.length), keep: draft.rng.uniform() < 0.5 };
  keep(draft, draft.tryEmit(draft.rng.pick(["sum", "mean", "reduce_max"]), [x], attrs));
};

const transpose: Step = (draft) => {
  const x = draft.float((type) => type.dims.length >= 2);
  if (x === undefined) return;
  const perm = x.type.dims.map((_, i) => i);
  for (let i = perm.length - 1; i > 0; i--) {
    const j = draft.rng.int(0, i + 1);
    [perm[i], perm[j]] = [perm[j] as number, perm[i] as number];
  }
  keep(draft, draft.tryEmit("transpose", [x], { perm }));
};

/** Joins two neighbouring axes. */
const reshape: Step = (draft) => {
  const x = draft.float((type) => type.dims.length >= 2);
  if (x === undefined) return;
  const { dims } = x.type;
  const at = draft.rng.int(0, dims.length - 1);
  const shape = [...dims.slice(0, at), Dim.product(dims.slice(at, at + 2)), ...dims.slice(at + 2)];
  keep(draft, draft.tryEmit("reshape", [x], { shape }));
};

/** Takes away the first element of an axis and puts two zeros behind the last. */
const shift: Step = (draft) => {
  const x = draft.float((type) => (type.dims.at(-1)?.asNumber() ?? 1) > 1);
  const size = x?.type.dims.at(-1);
  if (x === undefined || size === undefined) return;
  const axis = x.type.dims.length - 1;
  const cut = draft.tryEmit("slice", [x], { axis, start: Dim.of(1), end: size });
  if (cut === undefined) return;
  keep(draft, draft.tryEmit("pad", [cut], { axis, before: Dim.of(0), after: Dim.of(2), value: 0 }) ?? cut);
};

const concat: Step = (draft) => {
  const x = draft.float((type) => type.dims.length > 0);
  if (x === undefined) return;
  const axis = draft.rng.int(0, x.type.dims.length);
  keep(draft, draft.tryEmit("concat", [x, draft.b.emit("neg", [x])], { axis }));
};

/** The elements of an axis in another order: reversed, its halves swapped, or picked by where the largest one is. */
const reorder: Step = (draft) => {
  const { rng, b } = draft;
  const x = draft.float((type) => type.dims.length > 0);
  if (x === undefined) return;
  const axis = rng.int(0, x.type.dims.length);
  const size = x.type.dims[axis] ?? Dim.of(1);
  const choice = rng.pick(["flip", "split", "gather"]);
  if (choice === "flip") return keep(draft, draft.tryEmit("flip", [x], { axis }));
  if (choice === "split") {
    const half = size.div(2);
    if (half === undefined || half.equals(0)) return;
    const [first, second] = b.emitAll("split", [x], { axis, sizes: [half, half] });
    if (first !== undefined && second !== undefined) keep(draft, draft.tryEmit("concat", [second, first], { axis }));
    return;
  }
  const largest = b.emit("argmax", [x], { axis });
  const index = b.emit("reshape", [largest], { shape: x.type.dims.with(axis, Dim.of(1)) });
  keep(draft, draft.tryEmit("gather", [x, index], { axis }));
};

/** A product with a weight, in either orientation. */
const product: Step = (draft) => {
  const x = draft.float((type) => type.dims.length >= 2 && type.dims.at(-1)?.asNumber() !== undefined);
  const inner = x?.type.dims.at(-1)?.asNumber();
  if (x === undefined || inner === undefined) return;
  const outer = draft.rng.int(1, 9);
  const isTransposed = draft.rng.uniform() < 0.5;
  const weight = draft.param(draft.b, draft.fresh("w"), isTransposed ? [outer, inner] : [inner, outer]);
  keep(draft, draft.tryEmit("matmul", [x, weight], { transpose_a: false, transpose_b: isTransposed }));
};

/** `h + tanh(h * w_i)` for a family of weights; its ys are the members of a second loop, which adds them up. */
const loop: Step = (draft) => {
  const x = draft.float((type) => type.dims.at(-1)?.asNumber() !== undefined);
  const width = x?.type.dims.at(-1)?.asNumber();
  if (x === undefined || width === undefined) return;
  const { b, rng } = draft;
  const count = rng.int(1, 4);
  const name = draft.fresh("layers");
  const h = value(x.type, "h");
  const inner = b.nested();
  const weight = draft.param(inner, `${name}.{i}.w`, [width], { index: "i", size: count });
  const step = inner.emit("tanh", [inner.emit("mul", [h, weight])]);
  const next = inner.emit("add", [h, step]);
  const last = value(x.type);
  const steps = value(familyType(x.type, count));
  const attrs = { index: "i", count, carries: 1 };
  b.push({ name: "repeat", operands: [x], attrs, results: [last, steps], regions: [inner.block([h], [next, step])] });
  keep(draft, rng.uniform() < 0.5 ? last : addMembers(b, x, steps, count));
};

function addMembers(b: Builder, start: Value, family: Value, count: number): Value {
  const inner = b.nested();
  const [sum, member] = [value(start.type, "sum"), value(memberType(family.type), "member")];
  const next = inner.emit("add", [sum, member]);
  const last = value(start.type);
  const regions = [inner.block([sum, member], [next])];
  const attrs = { index: "j", count, carries: 1 };
  b.push({ name: "repeat", operands: [start, family], attrs, results: [last], regions });
  return last;
}

/** `h = tanh(h + x_t)` along an axis of x, from the mean of x on; its last state or all of them. */
const recurrence: Step = (draft) => {
  const x = draft.float((type) => type.dims.length >= 2);
  if (x === undefined) return;
  const { b, rng } = draft;
  const axis = rng.int(0, x.type.dims.length);
  const start = b.emit("mean", [x], { axis, keep: false });
  const [h, step] = [value(start.type, "h"), value(start.type, "x_t")];
  const inner = b.nested();
  const next = inner.emit("tanh", [inner.emit("add", [h, step])]);
  const [last, all] = [value(start.type), value(x.type)];
  const attrs = { axis, carries: 1 };
  const regions = [inner.block([h, step], [next, next])];
  b.push({ name: "scan", operands: [start, x], attrs, results: [last, all], regions });
  keep(draft, rng.uniform() < 0.5 ? last : all);
};

/** Puts a result into the pool unless it is larger than tests have time for. */
function keep(draft: Draft, made: Value | undefined): void {
  if (made !== undefined && elements(made.type, draft.symbols) <= MOST_ELEMENTS) draft.pool.push(made);
}

function elements(type: TensorType, symbols: Readonly<Record<string, number>>): number {
  return type.dims.reduce((all, dim) => all * dim.evaluate(symbols), 1);
}

export const STEPS: readonly Step[] = [
  unary, binary, binary, choose, reduce, transpose, reshape, shift, concat, product, loop, reorder, recurrence,
]; // prettier-ignore
