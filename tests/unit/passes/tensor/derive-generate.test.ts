/** `@prefill` and `@decode`: greedy tokens are those of `@extend`, and a row that met a stop token stays as it is. */
import { expect, test } from "vitest";
import { deriveExtend } from "../../../../passes/tensor/derive-extend.ts";
import { STOPS, deriveGenerate } from "../../../../passes/tensor/derive-generate.ts";
import type { PassContext } from "../../../../passes/manager/pass.ts";
import type { Datum } from "../../../../src/interp/index.ts";
import { evaluate, isTensor } from "../../../../src/interp/index.ts";
import type { Tensor } from "../../../../src/ir/index.ts";
import { funcNamed } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import { VOCAB, llama, weightsOf } from "./models.ts";

const context = { ops: OPS, capacities: {} } as PassContext;
const module = deriveGenerate.run(deriveExtend("required").run(llama(), context).ir, context).ir;
const params = weightsOf(module);
const sizes = { B: 2, T: 3, S: 16 };
type State = Readonly<Record<string, Datum>>;

const ints = (dims: readonly number[], data: readonly number[]): Tensor => ({ dtype: "i32", dims, data: Float64Array.from(data) }); // prettier-ignore
const dataOf = (state: State, name: string): readonly number[] => {
  const datum = state[name];
  if (datum === undefined || !isTensor(datum)) throw new Error(`${name} is no tensor`);
  return [...datum.data];
};

/** Calls an entry; arguments that are not given are 0. Answers the state behind it. */
function call(entry: string, given: State): State {
  const func = funcNamed(module, entry);
  if (func === undefined) throw new Error(`no @${entry}`);
  const args = func.args.map(({ name, value: { type } }): readonly [string, Datum] => {
    const dims = type.dims.map((dim) => dim.evaluate(sizes));
    const zero: Tensor = { dtype: type.dtype, dims, data: new Float64Array(dims.reduce((all, n) => all * n, 1)) };
    return [name, given[name] ?? (type.family === undefined ? zero : Array.from({ length: type.family }, () => zero))];
  });
  return evaluate(func, Object.fromEntries(args), { ops: OPS, params, symbols: sizes, mode: "exact" });
}

const prompt = { tokens: ints([2, 3], [1, 4, 2, 9, 3, 0]), count: ints([2], [3, 2]) };
const stops = (...ids: readonly number[]): Tensor =>
  ints([STOPS], [...ids, ...new Array<number>(STOPS - ids.length).fill(-1)]);

/** The greedy continuation by `@extend1` alone. */
function expected(steps: number): readonly (readonly number[])[] {
  let state = call("extend", prompt);
  const found: (readonly number[])[] = [];
  for (let i = 0; i < steps; i++) {
    const logits = dataOf(state, "logits");
    const next = [0, 1].map((row) => argmax(logits.slice(row * VOCAB, (row + 1) * VOCAB)));
    found.push(next);
    state = call("extend1", { ...state, tokens: ints([2, 1], next), count: ints([2], [1, 1]) });
  }
  return found;
}

function argmax(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

test("greedy tokens are those of extend", () => {
  let state = call("prefill", { ...prompt, stops: stops() });
  for (const tokens of expected(4)) {
    expect(dataOf(state, "token")).toEqual(tokens);
    expect(dataOf(state, "active")).toEqual([1, 1]);
    state = call("decode", { ...state, stops: stops() });
  }
  expect(dataOf(state, "pos")).toEqual([7, 6]);
  expect(dataOf(state, "step")).toEqual([5]);
});

test("a row that met a stop token keeps token, position and caches; the other goes on", () => {
  const [first = [], second = []] = expected(2);
  // The near miss: the other row's tokens are no stops.
  expect(first[1]).not.toBe(first[0]);
  expect(second[1]).not.toBe(first[0]);
  const before = call("prefill", { ...prompt, stops: stops(first[0]!) });
  expect(dataOf(before, "active")).toEqual([0, 1]);
  const after = call("decode", { ...before, stops: stops(first[0]!) });
  expect(dataOf(after, "token")).toEqual([first[0], second[1]]);
  expect(dataOf(after, "pos")).toEqual([3, 3]);
  const rowOf = (state: State, row: number): readonly number[] => {
    const members = state["k"];
    if (members === undefined || isTensor(members)) throw new Error("k is no family");
    return members.flatMap(({ data }) => [...data.slice((row * data.length) / 2, ((row + 1) * data.length) / 2)]);
  };
  expect(rowOf(after, 0)).toEqual(rowOf(before, 0));
  expect(rowOf(after, 1)).not.toEqual(rowOf(before, 1));
});

test("a prompt makes its row active again; a row without new tokens stays as it was", () => {
  const [first = []] = expected(1);
  const stopped = call("prefill", { ...prompt, stops: stops(...first) });
  expect(dataOf(stopped, "active")).toEqual([0, 0]);
  const again = call("prefill", { ...stopped, tokens: prompt.tokens, count: ints([2], [2, 0]), stops: stops() });
  expect(dataOf(again, "active")).toEqual([1, 0]);
  expect(dataOf(again, "token")[1]).toBe(first[1]);
  expect(dataOf(again, "pos")).toEqual([5, 2]);
});
