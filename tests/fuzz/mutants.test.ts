/** Sources with a token deleted, doubled or swapped: diagnostics with places in the file, never an exception. */
import { describe, expect, it } from "vitest";
import { parse } from "../../grammar/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { analyze } from "../../src/sema/index.ts";
import { Rng } from "../../src/support/random.ts";
import { library, repositoryFile } from "../unit/sema/analyze-text.ts";

const SOURCES = ["examples/llama/llama.llm", "examples/gpt2/gpt2.llm"].map(repositoryFile);
/** 1,000 sources, and 5,000 in `npm run test:long`. */
const ROUND = 250;
const SEEDS = Array.from({ length: process.env["LLMC_LONG"] === undefined ? 4 : 20 }, (_, i) => i + 1);
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
  it.each(SEEDS)("seed %i", (seed) => {
    const rng = new Rng(seed);
    let mistakes = 0;
    for (let n = 0; n < ROUND; n++) {
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
    expect(mistakes).toBeGreaterThan(ROUND / 3);
  });
});
