/** What the hints for readers of PyTorch say to write exists, and nothing that exists is called foreign. */
import { expect, it } from "vitest";
import { foreignCall, foreignMember } from "../../../src/sema/foreign-names.ts";
import { OPS } from "../../../src/ops/index.ts";
import { REPEAT } from "../../../src/sema/repeat.ts";

const HINTS = [
  "where",
  "masked_fill",
  "view",
  "permute",
  "cat",
  "expand",
  "arange",
  "clamp",
  "float",
  "range",
  "einsum",
];

it.each(HINTS)("%s: the ops that its hint names", (name) => {
  const { help = "" } = foreignCall(name);
  const called = [...help.matchAll(/([a-z_]+)\(/g)].map(([, op]) => op!);
  expect(help).toContain("`");
  for (const op of called) expect([...OPS.keys(), REPEAT]).toContain(op);
});

it("a method that is an op is called as one", () => {
  expect(foreignMember("softmax", true).help).toBe("ops are called as `softmax(x, ...)`");
  expect(foreignMember("shape", false).help).toContain("sizes have names");
  expect(foreignMember("frobnicate", false)).toEqual({});
  // Names that every object has are no entries of the table.
  expect(foreignCall("constructor")).toEqual({});
});
