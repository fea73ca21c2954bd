/** What the parser makes of right texts: every construct, precedence, spans, and the words that are names and keywords. */
import { describe, expect, test } from "vitest";
import { parse } from "../../../grammar/index.ts";
import type { Expr, Statement } from "../../../grammar/index.ts";
import { SAMPLE } from "./sample.ts";
import { sourceFiles } from "./sources.ts";

/** An expression with all its parentheses. */
function show(expr: Expr): string {
  switch (expr.kind) {
    case "binary":
      return `(${show(expr.left)} ${expr.operator} ${show(expr.right)})`;
    case "unary":
      return `(${expr.operator}${show(expr.operand)})`;
    case "ref":
      return expr.name;
    case "number":
      return String(expr.value);
    case "call":
      return `${show(expr.callee)}(${expr.args.map((a) => show(a.value)).join(", ")})`;
    case "member":
      return `${show(expr.object)}.${expr.member.text}`;
    case "list":
      return `[${expr.items.map(show).join(", ")}]`;
    case "if":
      return `(${show(expr.condition)} ? ${show(expr.then)} : ${show(expr.else)})`;
    default:
      return expr.kind;
  }
}

function statements(lines: string): readonly Statement[] {
  const { ast, diagnostics } = parse({ path: "t.llm", text: `block A(x: f[dim]) {\n${lines}\n}` });
  expect(diagnostics).toEqual([]);
  const [block] = ast.items;
  return block?.kind === "block" ? block.body : [];
}

function expression(text: string): string {
  const [first] = statements(`let a = ${text}`);
  return first?.kind === "let" && first.value.kind !== "scan" ? show(first.value) : "";
}

test.each(sourceFiles().map((file) => [file.path, file] as const))("%s has no mistakes", (_path, file) => {
  const { ast, diagnostics } = parse(file);
  expect(diagnostics).toEqual([]);
  expect(ast.items.length).toBeGreaterThan(0);
});

describe("operators", () => {
  test.each([
    ["a + b * c", "(a + (b * c))"],
    ["a - b - c", "((a - b) - c)"],
    ["a @ b / c % d", "(((a @ b) / c) % d)"],
    ["a || b && c == d + e", "(a || (b && (c == (d + e))))"],
    ["-a * b", "((-a) * b)"],
    ["!a && - -b < c", "((!a) && ((-(-b)) < c))"],
    ["-a.b(c)", "(-a.b(c))"],
    ["(a + b) * c", "((a + b) * c)"],
    ["if a { b } else if c { d } else { e }", "(a ? b : (c ? d : e))"],
    ["(a, b)", "[a, b]"],
    ["(a,)", "[a]"],
    ["(a)", "a"],
  ])("%s", (text, shown) => expect(expression(text)).toBe(shown));
});

test("line ends do not matter", () => {
  expect(expression("a\n  + b\n  * c(\n d\n)")).toBe("(a + (b * c(d)))");
  expect(statements("let a = b let c = d").length).toBe(2);
});

test("words that are keywords elsewhere are names", () => {
  expect(expression("model.forward.let(weights, in, on, tied)")).toBe("model.forward.let(weights, in, on, tied)");
});

test("a tensor's and a config value's parameter of a function are told apart", () => {
  const item = parse({ path: "s.llm", text: SAMPLE }).ast.items.find((each) => each.kind === "fn");
  const kinds = item?.kind === "fn" ? item.params.map((p) => ("kind" in p.type ? "tensor" : "config")) : [];
  expect(kinds).toEqual(["tensor", "config", "tensor", "config"]);
});

test("doc comments belong to what follows", () => {
  const [model] = parse({ path: "s.llm", text: SAMPLE }).ast.items;
  expect(model?.kind === "model" && model.doc).toBe("Every construct once.\nTwo lines of documentation.");
  const blocks = model?.kind === "model" ? model.body.flatMap((s) => (s.kind === "block" ? [s.doc] : [])) : [];
  expect(blocks).toEqual(["Attention with a window.", ""]);
});

test("numbers keep whether they are floats", () => {
  const numbers = statements("let a = [1, 1.0, 1e2, 20_000]").flatMap((s) =>
    s.kind === "let" && s.value.kind === "list" ? s.value.items : [],
  );
  expect(numbers.map((n) => n.kind === "number" && [n.value, n.isFloat])).toEqual([
    [1, false], [1, true], [100, true], [20000, false],
  ]); // prettier-ignore
});

test("the span of a node is its text", () => {
  const text = "block A(x: f[dim]) {\n  let abc = f(x) + 1\n  use a.b: L(2)[3], c: L\n}";
  const [block] = parse({ path: "t.llm", text }).ast.items;
  const body = block?.kind === "block" ? block.body : [];
  const textOf = (node: { span: { start: number; end: number } }) => text.slice(node.span.start, node.span.end);
  expect(body.map(textOf)).toEqual(["let abc = f(x) + 1", "use a.b: L(2)[3], c: L"]);
  const [first, second] = body;
  expect(first?.kind === "let" && textOf(first.value)).toBe("f(x) + 1");
  expect(second?.kind === "use" && second.uses.map(textOf)).toEqual(["a.b: L(2)[3]", "c: L"]);
});

test("a truncated file is one mistake, wherever it ends", () => {
  for (let length = 1; length < SAMPLE.length; length += 7) {
    const { diagnostics } = parse({ path: "s.llm", text: SAMPLE.slice(0, length) });
    expect(diagnostics.filter((d) => d.severity === "error").length).toBeLessThanOrEqual(2);
  }
});
