/** For each syntax code a text that must give it, and a near miss: a text that looks alike and must give nothing. */
import type { SYNTAX } from "../../../src/support/catalogue/syntax.ts";

export interface Mistake {
  readonly code: keyof typeof SYNTAX;
  readonly label: string;
  readonly wrong: string;
  readonly right: string;
}

/** A block with these lines in its body. */
const inBlock = (lines: string): string => `block Probe(x: f[..., dim]) -> f[..., dim] {\n${lines}\n}\n`;
const inModel = (lines: string): string => `model Probe(dim: int = 8) {\n${lines}\n}\n`;
const nested = (levels: number): string => inBlock(`  return ${"(".repeat(levels)}x${")".repeat(levels)}`);

export const MISTAKES: readonly Mistake[] = [
  {
    code: "LLM0101",
    label: "comment of another language",
    wrong: inBlock("  let h = x #\n  return h"),
    right: inBlock("  let h = x // #\n  return h"),
  },
  {
    code: "LLM0101",
    label: "typographic quotes",
    wrong: inBlock("  tap \u201cnorm\u201d = x\n  return x"),
    right: inBlock('  tap "\u201cnorm\u201d" = x\n  return x'),
  },
  {
    code: "LLM0101",
    label: "block comment",
    wrong: inBlock("  /* two\n  lines */\n  return x"),
    right: inBlock("  // two\n  // lines /* */\n  return x"),
  },
  { code: "LLM0101", label: "semicolon", wrong: inBlock("  return x;"), right: inBlock("  return x // ;") },
  {
    code: "LLM0102",
    label: "open string that takes a bracket with it",
    wrong: inBlock('  let a = f(x, mask: "causal)\n  return a'),
    right: inBlock('  let a = f(x, mask: "causal")\n  return a'),
  },
  {
    code: "LLM0105",
    label: "a bracket that is missing behind a closed string",
    wrong: inBlock('  let a = f(x, mask: "causal"\n  return a'),
    right: inBlock('  let a = f(x, mask: "causal)")\n  return a'),
  },
  {
    code: "LLM0104",
    label: "a scan without its axis",
    wrong: inBlock("  let y = scan(h: f[B]) with x {\n    return (h, x)\n  }\n  return y"),
    right: inBlock("  let y = scan(h: f[B]) over T with x {\n    return (h, x)\n  }\n  return y"),
  },
  {
    code: "LLM0102",
    label: "open string",
    wrong: inBlock('  tap "norm = x\n  return x'),
    right: inBlock('  tap "norm \\" " = x\n  return x'),
  },
  {
    code: "LLM0103",
    label: "two points",
    wrong: inBlock("  return x * 1.0.5"),
    right: inBlock("  return x * 1.05"),
  },
  {
    code: "LLM0103",
    label: "no digit before the point",
    wrong: inBlock("  return x * .5"),
    right: inBlock("  return x * 0.5"),
  },
  {
    code: "LLM0103",
    label: "beyond 2^53",
    wrong: inModel("  let n = 9007199254740992"),
    right: inModel("  let n = 9007199254740991"),
  },
  {
    code: "LLM0104",
    label: "no `=`",
    wrong: inBlock("  let h x + x\n  return x"),
    right: inBlock("  let h = x + x\n  return h"),
  },
  {
    code: "LLM0104",
    label: "the rest is on no line",
    wrong: inBlock("  let h =\n  return x"),
    right: inBlock("  let h =\n    x\n  return h"),
  },
  {
    code: "LLM0104",
    label: "a path where a parameter has a name",
    wrong: "block Head(x: f[dim]) -> f[dim] {\n  param norm.weight: f[dim]\n  return x\n}\n",
    right: "block Head(x: f[dim]) -> f[dim] {\n  param weight: f[dim]\n  return x * weight\n}\n",
  },
  {
    code: "LLM0105",
    label: "a parenthesis before the next statement",
    wrong: inBlock("  let h = norm(x\n  return h"),
    right: inBlock("  let h = norm(\n    x\n  )\n  return h"),
  },
  {
    code: "LLM0105",
    label: "the brace that the indentation misses",
    wrong:
      "model Probe(dim: int = 8) {\n  block A(x: f[dim]) {\n    return x\n\n  block C(x: f[dim]) {\n    return x\n  }\n}\n",
    right:
      "model Probe(dim: int = 8) {\n  block A(x: f[dim]) {\n    return x\n  }\n  block C(x: f[dim]) {\n    return x\n  }\n}\n",
  },
  {
    code: "LLM0105",
    label: "a bracket of another kind",
    wrong: inBlock("  return norm(x]"),
    right: inBlock("  return norm(x)"),
  },
  {
    code: "LLM0106",
    label: "one parenthesis too many",
    wrong: inBlock("  return norm(x))"),
    right: inBlock("  return (norm(x))"),
  },
  {
    code: "LLM0106",
    label: "one brace too many",
    wrong: `${inBlock("  return x")}}\n`,
    right: inBlock("  return x"),
  },
  { code: "LLM0107", label: "201 levels of brackets", wrong: nested(200), right: nested(199) },
  {
    code: "LLM0107",
    label: "a chain of operators",
    wrong: inBlock(`  return x${" + x".repeat(1000)}`),
    right: inBlock(`  return x${" + x".repeat(900)}`),
  },
  {
    code: "LLM0107",
    label: "signs",
    wrong: inBlock(`  return ${"- ".repeat(101)}x`),
    right: inBlock(`  return ${"- ".repeat(100)}x`),
  },
  {
    code: "LLM0108",
    label: "over 1 MiB",
    wrong: inBlock("  return x") + " ".repeat(1 << 20),
    right: inBlock("  return x") + " ".repeat((1 << 20) - 100),
  },
  {
    code: "LLM0109",
    label: "misspelt declaration",
    wrong: "modle Probe() {\n}\n",
    right: "model modle() {\n}\n",
  },
  {
    code: "LLM0110",
    label: "misspelt statement",
    wrong: inBlock("  lett h = x\n  return x"),
    right: inBlock("  let lett = x\n  return lett"),
  },
  {
    code: "LLM0110",
    label: "assignment",
    wrong: inBlock("  h = x\n  return x"),
    right: inBlock("  let h = x\n  return h"),
  },
  {
    code: "LLM0111",
    label: "between config values",
    wrong: "model Probe(dim: int = 8 depth: int = 2) {\n}\n",
    right: "model Probe(dim: int = 8, depth: int = 2,) {\n}\n",
  },
  {
    code: "LLM0111",
    label: "between uses",
    wrong: inModel("  use a: Linear(dim, dim) b: Linear(dim, dim)"),
    right: inModel("  use a: Linear(dim, dim), b: Linear(dim, dim)"),
  },
  {
    code: "LLM0111",
    label: "between names of a list",
    wrong: inBlock("  let (a b) = split(x, 2)\n  return a + b"),
    right: inBlock("  let (a, b,) = split(x, 2)\n  return a + b"),
  },
  {
    code: "LLM0112",
    label: "unknown escape",
    wrong: inBlock('  tap "a\\q" = x\n  return x'),
    right: inBlock('  tap "a\\\\q\\u{1F40B}" = x\n  return x'),
  },
  {
    code: "LLM0113",
    label: "chained comparison",
    wrong: inModel("  require 0 < dim < 9"),
    right: inModel("  require (0 < dim) == (dim < 9)"),
  },
  {
    code: "LLM0114",
    label: "keyword as a name",
    wrong: inBlock("  let block = x\n  return x"),
    right: inBlock("  let blocks = h.block.for\n  return x"),
  },
  {
    code: "LLM0115",
    label: "no else",
    wrong: inBlock("  let h = if true { x }\n  return x"),
    right: inBlock("  if true { return x }\n  return x"),
  },
  {
    code: "LLM0116",
    label: "positional after named",
    wrong: inBlock("  return attention(mask: causal, x, x, x)"),
    right: inBlock("  return attention(x, x, x, mask: causal)"),
  },
  {
    code: "LLM0117",
    label: "`=` in a condition",
    wrong: inModel('  require dim = 8, "eight"'),
    right: inModel('  require dim == 8, "eight"'),
  },
  {
    code: "LLM0118",
    label: "type without sizes",
    wrong: "fn twice(x: f32) -> f32[] {\n  return x + x\n}\n",
    right: "fn twice(x: f32[], n: float) -> f32[] {\n  return x + x\n}\n",
  },
  {
    code: "LLM0119",
    label: "slice with a step",
    wrong: inBlock("  return x[..., 0:8:2]"),
    right: inBlock("  return x[..., 0:8, :2, 1:]"),
  },
  {
    code: "LLM0120",
    label: "doc comment before a `let`",
    wrong: inBlock("  /// twice\n  let h = x + x\n  return h"),
    right: `/// twice\n${inBlock("  //// no doc comment\n  let h = x + x\n  return h")}`,
  },
  {
    code: "LLM0121",
    label: "parameters of a function",
    wrong: "fn id(x: f[dim]) -> f[dim] {\n  param w: f[8]\n  return x\n}\n",
    right: "block Id(x: f[dim]) -> f[dim] {\n  param w: f[8]\n  return x\n}\n",
  },
  {
    code: "LLM0122",
    label: "power operator",
    wrong: inBlock("  return x ** 2"),
    right: inBlock("  return pow(x, 2)"),
  },
  {
    code: "LLM0122",
    label: "word operator",
    wrong: inModel("  require dim > 0 and dim < 9"),
    right: inModel("  require dim > 0 && dim < 9\n  use x: Linear(and: 3)"),
  },
  {
    code: "LLM0122",
    label: "a choice as Python writes it",
    wrong: inBlock("  return x if dim > 4 else x + x"),
    right: inBlock("  let h = x if dim > 4 { return h } else { return h + h }"),
  },
  {
    code: "LLM0122",
    label: "a negation as Python writes it",
    wrong: inModel("  require not dim"),
    right: inBlock("  return not(x) + not"),
  },
  {
    code: "LLM0122",
    label: "a hat",
    wrong: inBlock("  return x ^ 2"),
    right: inBlock("  return pow(x, 2) // ^"),
  },
  {
    code: "LLM0119",
    label: "slice with a step and no end",
    wrong: inBlock("  return x[:, ::2]"),
    right: inBlock("  return x[:, :, 2]"),
  },
  {
    code: "LLM0101",
    label: "comment of another language, with words",
    wrong: inBlock("  let h = x # the residual stream\n  return h"),
    right: inBlock("  let h = x // the residual stream #\n  return h"),
  },
  {
    code: "LLM0104",
    label: "a body without braces",
    wrong: inBlock("  if dim > 4 return x\n  return x"),
    right: inBlock("  if dim > 4 { return x }\n  return x"),
  },
  {
    code: "LLM0104",
    label: "a `let` in a branch that has a value",
    wrong: inBlock("  let h = if dim > 4 { x } else {\n    let y = relu(x)\n    y + x\n  }\n  return h"),
    right: inBlock("  if dim > 4 { let h = x } else {\n    let y = relu(x)\n    let h = y + x\n  }\n  return h"),
  },
  {
    code: "LLM0104",
    label: "a `return` in a branch that has a value",
    wrong: inBlock("  let h = if dim > 4 { return x } else { relu(x) }\n  return h"),
    right: inBlock("  let h = if dim > 4 { x } else { relu(x) }\n  return h"),
  },
  {
    code: "LLM0104",
    label: "a `let` with a type",
    wrong: inBlock("  let h: f[B, T] = x\n  return h"),
    right: inBlock("  let h = f(h: x)\n  return h"),
  },
  {
    code: "LLM0104",
    label: "a model without parentheses",
    wrong: "model Probe {\n}\n",
    right: "model Probe() {\n}\n",
  },
  {
    code: "LLM0104",
    label: "a block of a module",
    wrong: inModel("  use norm: nn.RMSNorm(dim)"),
    right: inModel("  use nn.norm: RMSNorm(dim)"),
  },
  { code: "LLM0109", label: "import", wrong: "import torch\n", right: "fn import() {\n}\n" },
  { code: "LLM0109", label: "class", wrong: "class Probe() {\n}\n", right: "model class() {\n}\n" },
  {
    code: "LLM0110",
    label: "print",
    wrong: inBlock("  print(x)\n  return x"),
    right: inBlock('  tap "print" = print(x)\n  return x'),
  },
  {
    code: "LLM0114",
    label: "a keyword as a name that is used",
    wrong: inBlock("  let use = x\n  return f(use) + use"),
    right: inBlock("  let used = x\n  return used"),
  },
  {
    code: "LLM0123",
    label: "a division by a number",
    wrong: inBlock("  return x // 2"),
    right: inBlock("  return x / 2 // 2 halves"),
  },
  {
    code: "LLM0123",
    label: "a division by a config value",
    wrong: "model Probe(dim: int = 8, heads: int = 2) {\n  let head = dim // heads\n}\n",
    right: "model Probe(dim: int = 8, heads: int = 2) {\n  let head = dim / heads // channels\n  // heads\n}\n",
  },
  {
    code: "LLM0124",
    label: "two names",
    wrong: inBlock("  let a, b = split(x)\n  return a"),
    right: inBlock("  let a = split(x, b)\n  return a"),
  },
  {
    code: "LLM0124",
    label: "two results",
    wrong: inBlock("  return x, x"),
    right: inBlock("  return (x, x)"),
  },
  {
    code: "LLM0125",
    label: "a named argument",
    wrong: inBlock("  return softmax(x, axis=2)"),
    right: inBlock("  return softmax(x, axis: 2)"),
  },
  {
    code: "LLM0125",
    label: "a `use`",
    wrong: inModel("  use norm = RmsNorm(dim)"),
    right: inModel("  use norm: RmsNorm(dim)"),
  },
  {
    code: "LLM0126",
    label: "a config value",
    wrong: "model Probe(dim = 8) {\n}\n",
    right: "model Probe(dim: int) {\n}\n",
  },
  {
    code: "LLM0126",
    label: "an input",
    wrong: inModel("  forward(x) -> f[dim] { return x }"),
    right: inModel("  forward(x: f[dim]) -> f[dim] { return x }"),
  },
  {
    code: "LLM0126",
    label: "the result",
    wrong: inModel("  forward(x: f[dim]) { return x }"),
    right: "block Probe(x: f[dim]) { return x }\n",
  },
  {
    code: "LLM0126",
    label: "a parameter",
    wrong: inModel("  param w = zeros(dim)"),
    right: inModel("  param w: f[dim]"),
  },
];
