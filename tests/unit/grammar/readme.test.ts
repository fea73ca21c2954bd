/** The examples of `grammar/README.md` are whole files without a diagnostic, laid out as `llmc fmt` would. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { format } from "../../../grammar/index.ts";
import { analyzeSource } from "../../../src/driver/front-end.ts";

const readme = readFileSync(new URL("../../../grammar/README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^```llm\n([^]*?)^```$/gm)].map(([, text = ""], i) => ({
  path: `example-${i + 1}.llm`,
  text,
}));

describe("grammar/README.md", () => {
  it("has examples, each of which is found", () => {
    expect(examples.length).toBeGreaterThanOrEqual(6);
    expect(readme.match(/^ *```llm/gm)).toHaveLength(examples.length);
  });

  it.each(examples)("$path checks clean and is formatted", (file) => {
    const { diagnostics, model } = analyzeSource(file);
    expect(diagnostics).toEqual([]);
    expect(model).toBeDefined();
    expect(format(file).text).toBe(file.text);
  });

  it("sees an example that is wrong, or only warns", () => {
    const [first] = examples;
    const codes = (text: string): readonly string[] =>
      analyzeSource({ path: "x.llm", text }).diagnostics.map(({ code }) => code);
    expect(codes(first!.text.replace("let h = x", "let unused = x\n    let h = x"))).toEqual(["LLM0220"]);
    expect(codes(first!.text.replace("silu(", "sliu("))).toEqual(["LLM0201"]);
  });

  it("links the page of the ops", () => {
    expect(readme).toContain("[OPS.md](OPS.md)");
  });
});
