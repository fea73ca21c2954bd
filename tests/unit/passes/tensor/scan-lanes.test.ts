/** Which axes of a scan's state are lanes, and which near misses are not: each op of a step by what it keeps apart. */
import { describe, expect, test } from "vitest";
import type { Op } from "../../../../src/ir/index.ts";
import { parseModule, verifyModule } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import { scanLanes } from "../../../../passes/tensor/scan-lanes.ts";

interface Step {
  /** `%h = f32[B, 3, 4]`: the states, by name. */
  readonly states: Readonly<Record<string, string>>;
  readonly ops: string;
  readonly yields: string;
  readonly results: string;
  /** The types of the results behind the states. */
  readonly gives?: readonly string[];
}

/** A scan over T whose inputs are x: f32[B, 3, 4] and w: f32[4, 4] at each position, and u: f32[B, 4, 4] from outside. */
function lanesOf({ states, ops, yields, results, gives = [] }: Step): ReturnType<typeof scanLanes> {
  const args = Object.entries(states).map(([name, type]) => `%${name}0: ${type}`);
  const carried = Object.keys(states).map((name) => `%${name} = %${name}0`);
  const types = [...Object.values(states), ...gives];
  const text = `module "m"

func @f(${args.join(", ")}, %xs: f32[B, 7, 3, 4], %u: f32[B, 4, 4], %w: f32[9, 4]) -> (y: f32[B, 4, 4]) {
  ${results} = scan axis 1 (${carried.join(", ")}) in(%x = %xs) -> ${types.length > 1 ? `(${types.join(", ")})` : types[0]} {
    ${ops}
    yield ${yields}
  }
  return %u
}
`;
  const module = parseModule(text, OPS);
  expect(verifyModule(module, OPS)).toEqual([]);
  return scanLanes(module.funcs[0]?.body.ops[0] as Op, OPS);
}

/** The step `%n = ...` of the one state `%h: f32[B, 3, 4]`. */
const ofOne = (ops: string): Step => ({ states: { h: "f32[B, 3, 4]" }, ops, yields: "%n", results: "%z" });

const cases: readonly (readonly [string, Step, readonly (readonly number[])[]])[] = [
  ["points keep all axes", ofOne("%n = add(%h, %x) : f32[B, 3, 4]"), [[0, 1, 2]]],
  [
    "a sum mixes its axis",
    ofOne("%s = sum(%h) {axis = 2, keep = true} : f32[B, 3, 1]\n%n = add(%s, %h) : f32[B, 3, 4]"),
    [[0, 1]],
  ],
  [
    "a sum in the middle leaves the last axis a lane",
    ofOne("%t = transpose(%h) {perm = [0, 2, 1]} : f32[B, 4, 3]\n%s = sum(%t) {axis = 2, keep = false} : f32[B, 4]\n%r = reshape(%s) {shape = [B, 1, 4]} : f32[B, 1, 4]\n%n = add(%r, %h) : f32[B, 3, 4]"), // prettier-ignore
    [[0, 2]],
  ],
  ["a product by what is read from anywhere mixes what it sums", ofOne("%n = matmul(%h, %u) : f32[B, 3, 4]"), [[0, 1]]],
  ["a slice moves along its axis", ofOne("%s = slice(%h) {axis = 1, start = 0, end = 1} : f32[B, 1, 4]\n%n = add(%s, %h) : f32[B, 3, 4]"), [[0, 2]]], // prettier-ignore
  [
    "a lookup by the state keeps the index's axes",
    ofOne("%i = argmax(%h) {axis = 2, keep = false} : i32[B, 3]\n%n = take(%w, %i) {axis = 0, batch = 0} : f32[B, 3, 4]"), // prettier-ignore
    [[0, 1]],
  ],
  [
    "two axes of one size that change places are no lanes",
    {
      states: { h: "f32[B, 4, 4]" },
      ops: "%t = transpose(%h) {perm = [0, 2, 1]} : f32[B, 4, 4]\n%n = add(%t, %h) : f32[B, 4, 4]",
      yields: "%n",
      results: "%z",
    },
    [[0]],
  ],
  [
    "states that have nothing to do with each other are cut alike",
    {
      states: { h: "f32[B, 3, 4]", g: "f32[4, B]" },
      ops: "%n = add(%h, %x) : f32[B, 3, 4]\n%m = mul(%g, %g) : f32[4, B]",
      yields: "%n, %m",
      results: "%z, %y",
    },
    [[0, 2], [1, 0]], // prettier-ignore
  ],
  [
    "but not where a step sets all of one against all of the other",
    {
      states: { h: "f32[B, 4]", g: "f32[B, 4]" },
      ops: "%r = reshape(%h) {shape = [B, 4, 1]} : f32[B, 4, 1]\n%c = reshape(%g) {shape = [B, 1, 4]} : f32[B, 1, 4]\n%o = mul(%r, %c) : f32[B, 4, 4]",
      yields: "%h, %g, %o",
      results: "%z, %y, %os",
      gives: ["f32[B, 7, 4, 4]"],
    },
    [[0], [0], [0]], // prettier-ignore
  ],
  [
    "a state that is replaced each time needs an axis too",
    {
      states: { h: "f32[B, 3, 4]", g: "f32[B, 3]" },
      ops: "%n = add(%h, %x) : f32[B, 3, 4]\n%m = sum(%x) {axis = 2, keep = false} : f32[B, 3]",
      yields: "%n, %m",
      results: "%z, %y",
    },
    [[0, 1], [0, 1]], // prettier-ignore
  ],
];

describe("lanes", () => {
  test.each(cases)("%s", (_title, step, expected) => {
    expect(lanesOf(step)).toEqual(expected);
  });
});
