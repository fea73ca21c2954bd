/** Suggestions for misspelt names: near ones only, and for the first mistakes of a source only. */
import { expect, it } from "vitest";
import { MAX_SUGGESTIONS } from "../../../src/sema/effort.ts";
import { editDistance, nearest } from "../../../src/support/suggest.ts";
import { analyzeText, modelWith } from "./analyze-text.ts";

it("gives the first misspelt names a suggestion, and tells all of them", () => {
  const count = MAX_SUGGESTIONS + 5;
  const lines = Array.from({ length: count }, (_, i) => `let name_${i} = x + hiden\n    `).join("");
  const { diagnostics } = analyzeText(modelWith({ forward: `let hidden = x\n    ${lines}return hidden` }));
  const unknown = diagnostics.filter(({ code }) => code === "LLM0201");
  expect(unknown).toHaveLength(count);
  expect(unknown.filter(({ help }) => help === "did you mean `hidden`?")).toHaveLength(MAX_SUGGESTIONS);
});

it("finds what a search of all candidates finds", () => {
  const names = [
    "hidden",
    "hide",
    "heads",
    "head",
    "dim",
    "dims",
    "B",
    "b",
    "q_proj",
    "k_proj",
    "qproj",
    "Linear",
    "linear",
  ];
  for (const name of ["hiden", "haed", "dimm", "b", "proj", "q_prj", "LINEAR", "x", ""]) {
    const near = names
      .filter((each) => each !== name)
      .map((each) => ({ each, distance: editDistance(name.toLowerCase(), each.toLowerCase()) }))
      .filter(({ each, distance }) => distance <= Math.floor(Math.min(name.length, each.length) / 3))
      .sort((a, b) => a.distance - b.distance);
    expect([name, nearest(name, names)]).toEqual([name, near[0]?.each]);
  }
});
