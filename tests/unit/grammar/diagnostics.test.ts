/** Every syntax code: its picture (a snapshot, to be read like a screen), one diagnostic a mistake, and its near miss. */
import { describe, expect, test } from "vitest";
import { parse } from "../../../grammar/index.ts";
import { SYNTAX } from "../../../src/support/catalogue/syntax.ts";
import { renderDiagnostic } from "../../../src/support/render-diagnostic.ts";
import { MISTAKES } from "./mistakes.ts";

const fileOf = (text: string) => ({ path: "probe.llm", text });

describe.each(MISTAKES)("$code, $label", ({ code, label, wrong, right }) => {
  test("is one diagnostic with this picture", () => {
    const file = fileOf(wrong);
    const { diagnostics } = parse(file);
    expect(diagnostics.map((d) => d.code)).toEqual([code]);
    const pictures = diagnostics.map((d) => renderDiagnostic(d, new Map([[file.path, file]]), { colour: false }));
    expect(pictures.join("\n\n")).toMatchSnapshot(label);
  });
  test("the near miss gives none", () => {
    expect(parse(fileOf(right)).diagnostics).toEqual([]);
  });
});

test("every code of the catalogue has a mistake", () => {
  expect([...new Set(MISTAKES.map((mistake) => mistake.code))].sort()).toEqual(Object.keys(SYNTAX).sort());
});

test("independent mistakes are all reported, each once", () => {
  const text = [
    "modle A() { }",
    "model B(dim: int = 8 heads: int = 2) {",
    "  let head = dim / / heads",
    "  use a: Linear(dim dim)",
    "  block C(x: f[..., dim]) -> f[..., dim] {",
    "    let h = norm(x",
    "    let y = h",
    "    retrun h",
    "  }",
    "  forward(tokens: i32[B, T]) -> f32[B, T, dim] {",
    "    return a(tokens) ** 2",
    "  }",
    "}",
    "train T(B) {",
    "  loss = x",
    "  clip: 1.0.0",
    "}",
  ].join("\n");
  const found = parse(fileOf(text)).diagnostics.map((d) => `${d.code} ${d.loc?.start.line}`);
  expect(found).toEqual([
    "LLM0109 1",
    "LLM0111 2",
    "LLM0104 3",
    "LLM0111 4",
    "LLM0105 6",
    "LLM0110 8",
    "LLM0122 11",
    "LLM0104 15",
    "LLM0103 16",
  ]);
});

test("what stands around a mistake is still in the tree", () => {
  const text =
    "model A(dim: int = 8) {\n  let a = 1\n  let b = = 2\n  let c = 3\n}\nfn f(x: f[D]) -> f[D] {\n  return x\n}\n";
  const { ast } = parse(fileOf(text));
  const [model, fn] = ast.items;
  expect(model?.kind === "model" && model.body.map((s) => s.kind === "let" && s.names[0]?.text)).toEqual(["a", "c"]);
  expect(fn?.kind).toBe("fn");
});
