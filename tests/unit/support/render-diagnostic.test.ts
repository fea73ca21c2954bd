/** The picture of a diagnostic, column by column, and its JSON. */
import { describe, expect, test } from "vitest";
import { diagnostic } from "../../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../../src/support/diagnostic.ts";
import { diagnosticJson, renderDiagnostic } from "../../../src/support/render-diagnostic.ts";
import { locOf } from "../../../src/support/source.ts";
import type { SourceFile } from "../../../src/support/source.ts";

const locIn = (file: SourceFile, part: string, from = 0) => {
  const start = file.text.indexOf(part, from);
  return locOf({ file, start, end: start + part.length });
};
const render = (found: Diagnostic, ...files: readonly SourceFile[]) =>
  renderDiagnostic(found, new Map(files.map((file) => [file.path, file])), { colour: false });

const text = `${"\n".repeat(17)}  use o_proj: Linear(1024, dim)\n\n\n\n  return o_proj(merge_heads(y))\n`;
const file: SourceFile = { path: "examples/gpt2/gpt2.llm", text };
const mismatch = diagnostic("LLM0203", "operand shapes do not match in `matmul`", {
  loc: locIn(file, "o_proj(merge_heads(y))"),
  label: "the argument is f[B, T, 768]",
  related: [{ message: "takes f[..., 1024]", loc: locIn(file, "o_proj") }],
  notes: ["heads * head = 12 * 64 = 768"],
  help: "declare `o_proj` as `Linear(heads * head, dim)`",
});

test("two places in one file, in the order of the lines", () => {
  expect(render(mismatch, file)).toBe(
    [
      "error[LLM0203]: operand shapes do not match in `matmul`",
      "   ┌─ examples/gpt2/gpt2.llm:22:10",
      "   │",
      "18 │   use o_proj: Linear(1024, dim)",
      "   │       ------ takes f[..., 1024]",
      "   ·",
      "22 │   return o_proj(merge_heads(y))",
      "   │          ^^^^^^^^^^^^^^^^^^^^^^ the argument is f[B, T, 768]",
      "   │",
      "   = note: heads * head = 12 * 64 = 768",
      "   = help: declare `o_proj` as `Linear(heads * head, dim)`",
      "   = explain: `llmc explain LLM0203`",
    ].join("\n"),
  );
});

test("neighbouring lines have no dots between them, and a warning is one", () => {
  const near = { path: "n.llm", text: "let a = 1\nlet a = 2\n" };
  const found = diagnostic("LLM0202", "`a` is declared twice", {
    severity: "warning",
    loc: locIn(near, "a", 12),
    related: [{ message: "first here", loc: locIn(near, "a") }],
  });
  expect(render(found, near)).toBe(
    [
      "warning[LLM0202]: `a` is declared twice",
      "   ┌─ n.llm:2:5",
      "   │",
      " 1 │ let a = 1",
      "   │     - first here",
      " 2 │ let a = 2",
      "   │     ^",
      "   │",
      "   = explain: `llmc explain LLM0202`",
    ].join("\n"),
  );
});

test("a place in another file has a header of its own, also where its text is unknown", () => {
  const other = { path: "config.json", text: '{\n  "heads": 7\n}\n' };
  const found = {
    ...mismatch,
    related: [{ message: "from here", loc: locIn(other, "7") }],
    notes: [],
    help: undefined,
  };
  const rows = render(found, file, other).split("\n");
  expect(rows.slice(6, 11)).toEqual([
    "   ┌─ config.json:2:12",
    "   │",
    ' 2 │   "heads": 7',
    "   │            - from here",
    "   │",
  ]);
  expect(render(found, file).split("\n").slice(6, 8)).toEqual(["   ┌─ config.json:2:12", "   │ from here"]);
});

test("a diagnostic without a place is its message and its facts", () => {
  expect(render(diagnostic("LLM0301", "no config value `dept`", { help: "did you mean `depth`?" }))).toBe(
    "error[LLM0301]: no config value `dept`\n   = help: did you mean `depth`?\n   = explain: `llmc explain LLM0301`",
  );
});

describe("marks stand under their text", () => {
  const markedLine = (line: string, part: string) => {
    const source = { path: "w.llm", text: line };
    const rows = render(diagnostic("LLM0101", "m", { loc: locIn(source, part) }), source).split("\n");
    return [rows[3], rows[4]];
  };
  test("behind tabs", () => expect(markedLine("\tx\ty", "y")).toEqual([" 1 │     x    y", "   │          ^"]));
  test("behind wide characters", () => expect(markedLine("鯨 y", "y")).toEqual([" 1 │ 鯨 y", "   │    ^"]));
  test("behind a surrogate pair", () => expect(markedLine("🐋 y", "y")).toEqual([" 1 │ 🐋 y", "   │    ^"]));
  test("under a wide character", () => expect(markedLine("a鯨b", "鯨")[1]).toBe("   │  ^^"));
  test("behind a combining mark", () => expect(markedLine("e\u0301 y", "y")[1]).toBe("   │   ^"));
  test("control characters cannot move the cursor", () =>
    expect(markedLine("a\u001b[2J\u202ey", "y")).toEqual([" 1 │ a\ufffd[2J\ufffdy", "   │       ^"]));
  test("a long line is cut around its mark", () => {
    const [line, mark] = markedLine(`${"a".repeat(5000)}!${"b".repeat(5000)}`, "!");
    expect(line?.length).toBeLessThan(160);
    expect(line?.indexOf("!")).toBe(mark?.indexOf("^"));
  });
});

test("colours are escapes around the same text", () => {
  const coloured = renderDiagnostic(mismatch, new Map([[file.path, file]]), { colour: true });
  expect(coloured).toContain("\u001b[1;31merror[LLM0203]\u001b[0m");
  // oxlint-disable-next-line no-control-regex
  expect(coloured.replace(/\u001b\[[0-9;]*m/g, "")).toBe(render(mismatch, file));
});

test("JSON has exactly the promised fields", () => {
  const json = diagnosticJson(mismatch, new Map([[file.path, file]]));
  expect(json).toEqual({
    code: "LLM0203",
    severity: "error",
    message: "operand shapes do not match in `matmul`",
    file: "examples/gpt2/gpt2.llm",
    start: { line: 22, column: 10, offset: text.indexOf("o_proj(") },
    end: { line: 22, column: 32, offset: text.indexOf("o_proj(") + 22 },
    related: [
      {
        message: "takes f[..., 1024]",
        file: "examples/gpt2/gpt2.llm",
        start: { line: 18, column: 7, offset: text.indexOf("o_proj") },
        end: { line: 18, column: 13, offset: text.indexOf("o_proj") + 6 },
      },
    ],
    help: "declare `o_proj` as `Linear(heads * head, dim)`",
  });
});
