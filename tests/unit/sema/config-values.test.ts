/**
 * One bad config value is one diagnostic, at the value or at what the author requires of it: each value of the examples
 * is set to texts, numbers and lists that make no model, and the standard library is silent about it.
 */
import { describe, expect, it } from "vitest";
import { parse } from "../../../grammar/index.ts";
import type { ConfigParam } from "../../../grammar/ast.ts";
import { analyzeFile, analyzeText, modelWith, repositoryFile } from "./analyze-text.ts";

const TRIED = ["abc", "0", "-1", "4.5", "2147483648", ""];

/** What is a model all the same, `name=value`. */
const FINE: Readonly<Record<string, readonly string[]>> = {
  // Negative ends of text mean none.
  moby: ["theta=4.5", "theta=2147483648", "eps=0", "eps=4.5", "eps=2147483648", "eos=0", "eos=-1"],
  gpt2: ["eps=0", "eps=4.5", "eps=2147483648", "eos=0", "eos=-1", "eos="],
  llama: [
    ...["theta=4.5", "theta=2147483648", "eps=0", "eps=4.5", "eps=2147483648"],
    ...["rope_factor=4.5", "rope_factor=2147483648", "rope_low=4.5", "rope_low=2147483648"],
    ...["rope_high=4.5", "rope_high=2147483648", "rope_original=2147483648"],
    ...["eos=0", "eos=-1", "eos="],
  ],
};

/** Reported at the value (LLM0225, LLM0226: a parameter of an op cannot have it), or at the author's requirement. */
const AT_THE_VALUE = ["LLM0225", "LLM0226", "LLM0302", "LLM0305", "LLM0306", "LLM0307", "LLM0315"];

function configOf(name: string): readonly ConfigParam[] {
  return parse(repositoryFile(`examples/${name}/${name}.llm`)).ast.items.flatMap((item) =>
    item.kind === "model" ? item.config : [],
  );
}

describe.each(["moby", "gpt2", "llama"])("%s", (name) => {
  it.each(configOf(name).map((param) => [param.name.text] as const))("%s", (param) => {
    const file = repositoryFile(`examples/${name}/${name}.llm`);
    for (const value of TRIED) {
      const setting = `${param}=${value}`;
      const { model, diagnostics } = analyzeFile(file, { set: { [param]: value } });
      const told = diagnostics.map((each) => `${setting}: ${each.code} ${each.message}`);
      expect(told, setting).toHaveLength(FINE[name]!.includes(setting) ? 0 : 1);
      const [first] = diagnostics;
      expect(model === undefined, setting).toBe(first?.severity === "error");
      if (first !== undefined && first.code !== "LLM0304") {
        expect(AT_THE_VALUE, told[0]).toContain(first.code);
        expect(first.loc, told[0]).toBeUndefined();
        expect(`${first.message} ${first.label}`, told[0]).toContain(param);
      }
    }
  });
});

it("is told once where several calls are given it", () => {
  const text = modelWith({
    config: "dim: int = 8, heads: int = 2, rotary: int = 2",
    forward:
      "let q = rope(split_heads(x, heads), 10000.0, dims: rotary)\n    let k = rope(split_heads(x + x, heads), 10000.0, dims: rotary)\n    return merge_heads(q + k)",
  });
  expect(analyzeText(text, { set: { rotary: "3" } }).diagnostics.map(({ code }) => code)).toEqual(["LLM0203"]);
  expect(analyzeText(text, { set: { rotary: "4" } }).diagnostics).toEqual([]);
  // Two calls with mistakes of their own are two.
  const own = analyzeText(text.replaceAll("dims: rotary", "dims: 3"));
  expect(own.diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code)).toEqual([
    "LLM0203",
    "LLM0203",
  ]);
});

describe("several bad config values", () => {
  const text = modelWith({
    config: "dim: int = 8, heads: int = 2, ffn: int = 16",
    body: "  require dim % heads == 0\n  let head = dim / heads\n  use up: Linear(dim, ffn), down: Linear(ffn, head)",
    forward: "return down(up(x))",
  });
  const told = (set: Readonly<Record<string, string>>): readonly string[] =>
    analyzeText(text, { set }).diagnostics.map((each) => each.code);
  it("are each reported", () => expect(told({ heads: "0", ffn: "-1" })).toEqual(["LLM0306", "LLM0305"]));
  it("of one requirement are one mistake", () => expect(told({ heads: "3" })).toEqual(["LLM0304"]));
  it("do not hide another requirement of other values", () =>
    expect(told({ heads: "3", ffn: "0" })).toEqual(["LLM0305", "LLM0304"]));
});
