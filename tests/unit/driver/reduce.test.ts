/** Delta debugging: every candidate is a source, the result is still interesting and cannot be made smaller by one edit. */
import { describe, expect, it } from "vitest";
import { format, parse } from "../../../grammar/index.ts";
import { tokenize } from "../../../grammar/tokens.ts";
import { analyzeSource } from "../../../src/driver/front-end.ts";
import { reduceSource } from "../../../src/driver/reduce.ts";
import type { Reduced } from "../../../src/driver/reduce.ts";
import { SAMPLE } from "../grammar/sample.ts";
import { repositoryFile } from "../sema/analyze-text.ts";

const fileOf = (text: string) => ({ path: "r.llm", text });

/** Reduces and checks what holds for every reduction. */
async function reduced(text: string, isInteresting: (text: string) => boolean): Promise<Reduced> {
  const count = (of: string): number => tokenize(fileOf(of)).tokens.length;
  let last = text;
  const options = {
    isInteresting: (candidate: string) => {
      expect(parse(fileOf(candidate)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      return Promise.resolve(isInteresting(candidate));
    },
    onSmaller: (smaller: string) => {
      expect(count(smaller)).toBeLessThanOrEqual(count(last));
      last = smaller;
    },
  };
  const found = await reduceSource(fileOf(text), options);
  expect(isInteresting(found.text)).toBe(true);
  expect(found.text).toBe(last);
  expect((await reduceSource(fileOf(found.text), { ...options, onSmaller: () => expect.unreachable() })).accepted).toBe(
    0,
  );
  return found;
}

describe("what stays is what is asked for", () => {
  it("nothing, where everything is interesting", async () => {
    expect((await reduced(SAMPLE, () => true)).text.trim()).toBe("");
  });

  it("one call", async () => {
    const { text, tried } = await reduced(SAMPLE, (candidate) => /\battention\(q/.test(candidate));
    expect(text.split("\n").length).toBeLessThan(8);
    expect(text).not.toContain("//");
    expect(tried).toBeLessThan(500);
  });

  it("a number becomes as small as it may", async () => {
    const { text } = await reduced("model A(dim: int = 4096) {\n  let x = (dim + 3) * 70\n}\n", (candidate) =>
      tokenize(fileOf(candidate)).tokens.some(({ kind, text: digits }) => kind === "number" && Number(digits) >= 37),
    );
    expect(text).toMatch(/\b37\b/);
    expect(text).not.toMatch(/\b(4096|70|3)\b/);
  });

  it("a branch in place of its `if`, a name in place of its alias", async () => {
    const source = `fn f(x: f[C], c: bool) -> f[C] {
  let y = x
  if c {
    let z = y
    return (exp(z) + z) * 2
  } else {
    return y
  }
}
`;
    const { text } = await reduced(source, (candidate) => /exp\([a-z]\)/.test(candidate));
    expect(text).toMatch(/^fn f\(\) \{\n  return exp\([xz]\)\n\}\n$/);
  });
});

describe("a diagnostic of a model", () => {
  const codes = (text: string): readonly string[] => analyzeSource(fileOf(text)).diagnostics.map(({ code }) => code);
  const { text: gpt2 } = repositoryFile("examples/gpt2/gpt2.llm");

  it("is kept, with what it needs", async () => {
    const source = gpt2.replace("attention(", "atention(");
    expect(source).not.toBe(gpt2);
    const { text } = await reduced(source, (candidate) => codes(candidate).includes("LLM0201"));
    expect(text.split("\n").length).toBeLessThan(8);
  });

  it("may be asked for alone, so that the model stays one", async () => {
    const source = gpt2.replace("let h = c_fc(x)", "let spare = x + x\n    let h = c_fc(x)");
    const { text } = await reduced(source, (candidate) => codes(candidate).join() === "LLM0220");
    expect(text.split("\n").length).toBeLessThan(12);
    expect(format(fileOf(text)).text).toBe(text);
  });
});

it("keeps the layout where what is looked for hangs on it, and stops when told to", async () => {
  const source = "model A(dim:int=8) {\n  let  a = dim\n  let b = dim\n}\n";
  const { text } = await reduced(source, (candidate) => candidate.includes("let  a"));
  expect(text).toContain("let  a");
  expect(text).not.toContain("let b");
  const controller = new AbortController();
  controller.abort();
  const stopped = await reduceSource(fileOf(source), {
    isInteresting: () => Promise.resolve(true),
    signal: controller.signal,
  });
  expect(stopped.accepted).toBeLessThanOrEqual(1);
});
