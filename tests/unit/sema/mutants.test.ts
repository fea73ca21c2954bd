/** Sources with a token deleted, doubled or swapped: diagnostics with places in the file, never an exception. */
import { describe, expect, it } from "vitest";
import { parse } from "../../../grammar/index.ts";
import { OPS } from "../../../src/ops/index.ts";
import { analyze } from "../../../src/sema/index.ts";
import { Rng } from "../../../src/support/random.ts";
import { library, repositoryFile } from "./analyze-text.ts";

const SOURCES = ["examples/llama/llama.llm", "examples/gpt2/gpt2.llm"].map(repositoryFile);
const TOKEN = /\s+|"[^"\n]*"|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?(?:e-?\d+)?|\.\.\.|->|[^\s\w]/g;
const NUMBERS = ["0", "-1", "1.5", "2147483648", "9007199254740991"];

function mutate(text: string, rng: Rng): string {
  const tokens = text.match(TOKEN) ?? [];
  const at = rng.int(0, tokens.length);
  const other = rng.int(0, tokens.length);
  const token = tokens[at]!;
  switch (rng.int(0, 5)) {
    case 0:
      tokens.splice(at, 1);
      break;
    case 1:
      tokens.splice(at, 0, token);
      break;
    case 2:
      [tokens[at], tokens[other]] = [tokens[other]!, token];
      break;
    case 3:
      tokens[at] = tokens[other]!;
      break;
    default:
      tokens[tokens.findIndex((each, i) => i >= at && /^\d/.test(each))] = rng.pick(NUMBERS);
  }
  return tokens.join("");
}

describe("mutated sources", () => {
  it.each([1, 2, 3, 4])("seed %i", (seed) => {
    const rng = new Rng(seed);
    let mistakes = 0;
    for (let n = 0; n < 100; n++) {
      const { path, text } = rng.pick(SOURCES);
      const file = { path, text: mutate(mutate(text, rng), rng) };
      const { ast } = parse(file);
      const found = analyze(ast, { library, ops: OPS, set: {}, taps: true, storage: () => "f32" });
      expect(found.model === undefined).toBe(found.diagnostics.some((each) => each.severity === "error"));
      mistakes += found.diagnostics.length;
      for (const { loc } of found.diagnostics)
        if (loc !== undefined) {
          expect(loc.path).toBe(path);
          expect(loc.start.line).toBeLessThanOrEqual(file.text.split("\n").length);
        }
    }
    expect(mistakes).toBeGreaterThan(30);
  });
});
