/** LLM01xx: what the lexer and the parser report. */
import { entry } from "./entry.ts";
import { checked, model } from "./example.ts";

const NORM = "use norm: RmsNorm(dim)";
const normed = (lines: string): string => model(lines, { body: NORM });
const nested = (levels: number): string => model(`return ${"(".repeat(levels)}x${")".repeat(levels)}`);
const layer = (doc: string): string => `/// The first model.
model Tiny(dim: int = 8) {
  forward(x: f[B, T, dim]) -> f[B, T, dim] {
    ${doc} the residual stream
    let h = x + x
    return h
  }
}
`;
const withBlock = (block: string): string => `${block}
model Tiny(dim: int = 8) {
  use twice: Twice

  forward(x: f[B, T, dim]) -> f[B, T, dim] {
    return twice(x)
  }
}
`;

export const SYNTAX = {
  LLM0101: entry(
    "a character that means nothing here",
    "The language is written in ASCII outside of comments and strings. A comment starts with `//`, and nothing stands between statements.",
    model("let h = x + x # twice\nreturn h"),
    model("let h = x + x // twice\nreturn h"),
  ),
  LLM0102: entry(
    "a string is not closed",
    "A string starts and ends with a double quote on the same line.",
    model('tap "hidden = x\nreturn x'),
    model('tap "hidden" = x\nreturn x'),
  ),
  LLM0103: entry(
    "a malformed number",
    "A number is written as `12`, `0.5`, `1e-5` or `1_000_000`; it has one point at most, digits on both sides of the point, and no unit behind it. Integers above 2^53 cannot be held exactly and are refused.",
    model("return x * .5"),
    model("return x * 0.5"),
  ),
  LLM0104: entry(
    "something else was expected here",
    "The parser knows what may follow at each place, and what stands here is not among it. The message says what would have been right.",
    model("let h x + x\nreturn h"),
    model("let h = x + x\nreturn h"),
  ),
  LLM0105: entry(
    "a bracket is never closed",
    "Each `(`, `[` and `{` needs its partner. Where the file ends too early, the bracket whose partner is missing is guessed from the indentation.",
    normed("let h = norm(x\nreturn h"),
    normed("let h = norm(x)\nreturn h"),
  ),
  LLM0106: entry(
    "a closing bracket has no partner",
    "There is a `)`, `]` or `}` that nothing opened.",
    normed("return norm(x))"),
    normed("return norm((x))"),
  ),
  LLM0107: entry(
    "too deeply nested",
    "Brackets and conditions may nest 200 levels deep, blocks and functions may hold one another 200 deep and lists of layers 6, and one expression may be a chain of 1,000 operators. Deeper programs are made by machines; name the parts with `let`.",
    { ...checked(nested(200)), shown: model("return (((...x...))) // 200 parentheses, inside of two braces") },
    { ...checked(nested(198)), shown: model("return (((...x...))) // 198 parentheses") },
  ),
  LLM0108: entry(
    "the file is too large",
    "A source file has at most 1 MiB. Layers that repeat are an array (`use layers: Layer[depth]`), not text.",
    {
      ...checked(`${model("return x")}// ${"-".repeat(1 << 20)}\n`),
      shown: `${model("return x")}// --- and so on, for 1 MiB\n`,
    },
    {
      ...checked(`${model("return x")}// ${"-".repeat((1 << 20) - 200)}\n`),
      shown: `${model("return x")}// --- and so on, for less than 1 MiB\n`,
    },
  ),
  LLM0109: entry(
    "an unknown declaration",
    "At the top of a file stand `model`, `block`, `fn`, `train` and `adapt`. Nothing is imported.",
    `modle ${model("return x").slice("model ".length)}`,
    model("return x"),
  ),
  LLM0110: entry(
    "an unknown statement",
    "A body holds `let`, `use`, `param`, `require`, `if`, `block`, `forward`, `weights`, `tap` and `return`. Values are named once, by `let`; there is no assignment.",
    model("h = x + x\nreturn h"),
    model("let h = x + x\nreturn h"),
  ),
  LLM0111: entry(
    "a comma is missing",
    "The parts of a list, of a call and of a declaration are separated by commas, also at the end of a line. A comma after the last one is allowed.",
    model("return x[..., 0:dim] * scale", { config: "dim: int = 8 scale: float = 0.5" }),
    model("return x[..., 0:dim] * scale", { config: "dim: int = 8, scale: float = 0.5" }),
  ),
  LLM0112: entry(
    "an unknown escape in a string",
    'The escapes are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{...}`.',
    model('require dim > 4, "more than 4\\%"\nreturn x'),
    model('require dim > 4, "more than 4\\u{25}"\nreturn x'),
  ),
  LLM0113: entry(
    "comparisons do not chain",
    "`a < b < c` would compare a truth value with `c`. Write both comparisons.",
    model("require 0 < dim < 9\nreturn x"),
    model("require 0 < dim && dim < 9\nreturn x"),
  ),
  LLM0114: entry(
    "a keyword cannot be a name",
    "`let`, `use`, `param`, `require`, `if`, `else`, `for`, `return`, `tap`, `block`, `fn`, `forward`, `true` and `false` are reserved. After a point they are allowed, because checkpoint paths use such words.",
    model("let block = x + x\nreturn block"),
    model("return h.block(x)", { body: "use h.block: RmsNorm(dim)" }),
  ),
  LLM0115: entry(
    "an `if` expression needs an `else`",
    "An expression has a value in both cases. A statement `if` may stand without `else`.",
    model("let h = if dim > 4 { x + x }\nreturn h"),
    model("let h = if dim > 4 { x + x } else { x }\nreturn h"),
  ),
  LLM0116: entry(
    "an argument without a name follows a named one",
    "Arguments without names come first, in the order of the declaration; named ones follow in any order.",
    model("return sum(axis: 2, x, keep: true) * x"),
    model("return sum(x, keep: true, axis: 2) * x"),
  ),
  LLM0117: entry(
    "`=` compares nothing",
    "`=` gives a name to a value in `let`; equality is `==`.",
    model("require dim = 8\nreturn x"),
    model("require dim == 8\nreturn x"),
  ),
  LLM0118: entry(
    "a tensor's type needs its sizes",
    "The type of a tensor is its element type and its sizes in brackets; `f` is the compute type. A scalar is `f32[]`.",
    "model Tiny(vocab: int = 16) {\n  forward(tokens: i32) -> f32[B, T, vocab] {\n    return one_hot(tokens, vocab)\n  }\n}\n",
    "model Tiny(vocab: int = 16) {\n  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {\n    return one_hot(tokens, vocab)\n  }\n}\n",
  ),
  LLM0119: entry(
    "slices have no step",
    "A slice is `from:to`, half-open, along one axis. To take every second element, reshape and index.",
    model("let even = x[..., 0:dim:2]\nreturn concat(even, even, axis: 2)"),
    model("let even = reshape(x, [B, T, dim / 2, 2])[..., 0]\nreturn concat(even, even, axis: 2)"),
  ),
  LLM0120: entry(
    "a doc comment belongs to nothing",
    "A warning: `///` documents the `model`, `block`, `fn`, `train` or `adapt` that follows it. Other remarks are `//`.",
    layer("///"),
    layer("//"),
  ),
  LLM0121: entry(
    "the statement has no place here",
    "A model has config, blocks, layers, one `forward` and perhaps `weights`; only a `forward`, a `block` and a `fn` return values, and only models and blocks have parameters.",
    `fn twice(x: f[B, T, C]) -> f[B, T, C] {
  param scale: f[8]
  return x * scale
}

${model("return twice(x)")}`,
    withBlock(`block Twice(x: f[B, T, 8]) -> f[B, T, 8] {
  param scale: f[8]
  return x * scale
}
`),
  ),
  LLM0122: entry(
    "an operator of another language",
    "Powers are `pow(x, y)`, truth is combined with `&&`, `||` and `!`, choices are `if c { a } else { b }`, and there is no assignment operator.",
    model("return x ** 2"),
    model("return pow(x, 2.0)"),
  ),
  LLM0123: entry(
    "a comment that reads like a division",
    "A warning: in Python `a // b` divides without a remainder. Here `//` starts a comment, and what stands behind it is not computed. `a / b` between ints is exact or an error.",
    model("let half = dim // 2\nreturn x * half"),
    model("let half = dim / 2 // 2 halves\nreturn x * half"),
  ),
  LLM0124: entry(
    "several values where one stands",
    "`let` names one value and `return` gives one. A tensor is taken apart by slices; what belongs together is passed on as one tensor.",
    model("let a, b = x[..., 0:4], x[..., 4:8]\nreturn concat(b, a, axis: 2)"),
    model("let a = x[..., 0:4]\nlet b = x[..., 4:8]\nreturn concat(b, a, axis: 2)"),
  ),
  LLM0125: entry(
    "`=` where `:` stands",
    "Named arguments and uses are written with a colon: `Linear(dim, dim, bias: true)`, `use norm: RmsNorm(dim)`. `=` names a value in `let` and a default in a declaration.",
    model("return norm(x)", { body: "use norm: RmsNorm(dim, eps=1e-5)" }),
    model("return norm(x)", { body: "use norm: RmsNorm(dim, eps: 1e-5)" }),
  ),
  LLM0126: entry(
    "a type is missing",
    "Config values and tensors are declared with their types, and `forward` with that of its result: shapes are checked before anything runs.",
    model("return x", { config: "dim = 8" }),
    model("return x", { config: "dim: int = 8" }),
  ),
} as const;
