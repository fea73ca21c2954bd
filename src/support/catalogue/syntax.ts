/** LLM01xx: what the lexer and the parser report. */
import { entry } from "./entry.ts";

export const SYNTAX = {
  LLM0101: entry(
    "a character that means nothing here",
    "The language is written in ASCII outside of comments and strings. A comment starts with `//`.",
    "let h = x # comment",
    "let h = x // comment",
  ),
  LLM0102: entry(
    "a string is not closed",
    "A string starts and ends with a double quote on the same line.",
    'tap "hidden = h',
    'tap "hidden" = h',
  ),
  LLM0103: entry(
    "a malformed number",
    "A number is written as `12`, `0.5`, `1e-5` or `1_000_000`; it has one point at most, digits on both sides of the point, and no unit behind it. Integers above 2^53 cannot be held exactly and are refused.",
    "let eps = 1.0.5",
    "let eps = 1.05",
  ),
  LLM0104: entry(
    "something else was expected here",
    "The parser knows what may follow at each place, and what stands here is not among it. The message says what would have been right.",
    "let h x + y",
    "let h = x + y",
  ),
  LLM0105: entry(
    "a bracket is never closed",
    "Each `(`, `[` and `{` needs its partner. Where the file ends too early, the bracket whose partner is missing is guessed from the indentation.",
    "let h = norm(x\nreturn h",
    "let h = norm(x)\nreturn h",
  ),
  LLM0106: entry(
    "a closing bracket has no partner",
    "There is a `)`, `]` or `}` that nothing opened.",
    "return norm(x))",
    "return norm(x)",
  ),
  LLM0107: entry(
    "too deeply nested",
    "Brackets, conditions and operators may nest 200 levels deep, and one expression may be a chain of 1,000 operators. Deeper programs are made by machines; name the parts with `let`.",
    "let h = ((((...((((x))))...))))",
    "let a = f(x)\nlet h = g(a)",
  ),
  LLM0108: entry(
    "the file is too large",
    "A source file has at most 1 MiB. Layers that repeat are an array (`use layers: Layer[depth]`), not text.",
    "use layer_0: Layer, layer_1: Layer // ... and so on, a million times",
    "use layers: Layer[1000000]",
  ),
  LLM0109: entry(
    "an unknown declaration",
    "At the top of a file stand `model`, `block`, `fn`, `train` and `adapt`.",
    "modle Tiny() { }",
    "model Tiny() { }",
  ),
  LLM0110: entry(
    "an unknown statement",
    "A body holds `let`, `use`, `param`, `require`, `if`, `block`, `forward`, `weights`, `tap` and `return`. Values are named once, by `let`; there is no assignment.",
    "h = norm(x)",
    "let h = norm(x)",
  ),
  LLM0111: entry(
    "a comma is missing",
    "The parts of a list, of a call and of a declaration are separated by commas, also at the end of a line. A comma after the last one is allowed.",
    "model Tiny(vocab: int = 16 dim: int = 8) { }",
    "model Tiny(vocab: int = 16, dim: int = 8) { }",
  ),
  LLM0112: entry(
    "an unknown escape in a string",
    'The escapes are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{...}`.',
    'tap "a\\q" = h',
    'tap "a\\\\q" = h',
  ),
  LLM0113: entry(
    "comparisons do not chain",
    "`a < b < c` would compare a truth value with `c`. Write both comparisons.",
    "require 0 < heads < dim",
    "require 0 < heads && heads < dim",
  ),
  LLM0114: entry(
    "a keyword cannot be a name",
    "`let`, `use`, `param`, `require`, `if`, `else`, `for`, `return`, `tap`, `block`, `fn`, `forward`, `true` and `false` are reserved. After a point they are allowed, because checkpoint paths use such words.",
    "let block = norm(x)",
    "let y = norm(x)",
  ),
  LLM0115: entry(
    "an `if` expression needs an `else`",
    "An expression has a value in both cases. A statement `if` may stand without `else`.",
    "let h = if tied { a }",
    "let h = if tied { a } else { b }",
  ),
  LLM0116: entry(
    "an argument without a name follows a named one",
    "Arguments without names come first, in the order of the declaration; named ones follow in any order.",
    "attention(mask: causal, q, k, v)",
    "attention(q, k, v, mask: causal)",
  ),
  LLM0117: entry(
    "`=` compares nothing",
    "`=` gives a name to a value in `let`; equality is `==`.",
    'if activation = "gelu" { }',
    'if activation == "gelu" { }',
  ),
  LLM0118: entry(
    "a tensor's type needs its sizes",
    "The type of a tensor is its element type and its sizes in brackets; `f` is the compute type. A scalar is `f32[]`.",
    "forward(tokens: i32) -> f32[B, T, vocab] { }",
    "forward(tokens: i32[B, T]) -> f32[B, T, vocab] { }",
  ),
  LLM0119: entry(
    "slices have no step",
    "A slice is `from:to`, half-open, along one axis. To take every second element, reshape and index.",
    "x[..., 0:dim:2]",
    "reshape(x, [B, T, dim / 2, 2])[..., 0]",
  ),
  LLM0120: entry(
    "a doc comment belongs to nothing",
    "`///` documents the `model`, `block`, `fn`, `train` or `adapt` that follows it. Other remarks are `//`.",
    "/// the residual stream\nlet h = x + y",
    "// the residual stream\nlet h = x + y",
  ),
  LLM0121: entry(
    "the statement has no place here",
    "A model has config, blocks, layers, one `forward` and perhaps `weights`; only a `forward`, a `block` and a `fn` return values.",
    "fn twice(x: f[...]) -> f[...] {\n  use norm: RmsNorm(8, 1e-5)\n  return norm(x)\n}",
    "block Twice(x: f[..., 8]) -> f[..., 8] {\n  use norm: RmsNorm(8, 1e-5)\n  return norm(x)\n}",
  ),
  LLM0122: entry(
    "an operator of another language",
    "Powers are `pow(x, y)`, truth is combined with `&&`, `||` and `!`, choices are `if c { a } else { b }`, and there is no assignment operator.",
    "require a > 0 and b > 0",
    "require a > 0 && b > 0",
  ),
} as const;
