/** Damaged texts of the tensor IR: the parser reads them or refuses them with a place inside the text, nothing else. */
import { describe, expect, it } from "vitest";
import { parseModule, printModule, verifyModule } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { Rng } from "../../src/support/random.ts";
import { IrTextError } from "../../src/support/text/reader.ts";
import { randomProgram } from "./programs.ts";

/** The text with one token deleted, doubled or put in the place of another, or cut off. */
function damaged(rng: Rng, text: string): string {
  const tokens = text.match(/\s+|"[^"]*"|[%@#]?[A-Za-z0-9_.]+|./g) ?? [];
  const at = rng.int(0, tokens.length);
  const token = tokens[at] ?? "";
  const choice = rng.int(0, 4);
  if (choice === 0) return tokens.toSpliced(at, 1).join("");
  if (choice === 1) return tokens.toSpliced(at, 0, token, " ").join("");
  if (choice === 2) return tokens.toSpliced(rng.int(0, tokens.length), 1, token).join("");
  return tokens.slice(0, at).join("");
}

describe("damaged texts", () => {
  const programs = Array.from({ length: 20 }, (_, seed) => printModule(randomProgram(new Rng(seed), OPS).module));

  it("are read or refused with a place, and what was read can be verified", () => {
    const rng = new Rng(99);
    let refused = 0;
    for (let i = 0; i < 600; i++) {
      const text = damaged(rng, rng.pick(programs));
      const lines = text.split("\n");
      try {
        verifyModule(parseModule(text, OPS), OPS);
      } catch (error) {
        if (!(error instanceof IrTextError)) throw new Error(`mutation ${i}: ${String(error)}\n${text}`);
        refused++;
        expect(error.line).toBeGreaterThanOrEqual(1);
        expect(error.line).toBeLessThanOrEqual(lines.length);
        expect(error.column).toBeLessThanOrEqual((lines[error.line - 1] ?? "").length + 1);
      }
    }
    expect(refused).toBeGreaterThan(300);
  });
});
