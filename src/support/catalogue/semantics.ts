/** LLM02xx: what the semantic analysis reports about names, shapes, types and ops. */
import { entry } from "./entry.ts";
import { checked, model } from "./example.ts";

const layers = (result: string, lines: string, call: string): string =>
  model(`return ${call}`, {
    body: `block Layer(x: f[B, T, dim]) -> f[B, T, ${result}] {\n  ${lines}\n}\n\nuse layers: Layer[3]`,
  });
const heads = (lines: string): string => model(`let a = split_heads(x, 2)\nreturn merge_heads(${lines})`);
const withFn = (fn: string, forward: string): string => `${fn}\n${model(forward)}`;
const twice = (result: string, value = "x + x"): string =>
  `fn twice(x: f[B, T, C]) -> f[B, T, ${result}] {\n  return ${value}\n}\n`;
const tied = (condition: string): string =>
  model(`if ${condition} {\n  return x + x\n}`, { config: "dim: int = 8, tied: bool = true" });
const declared = (declaration: string): string =>
  `${model("return proj(x)", { body: "use proj: Linear(dim, dim)" })}\n${declaration}\n`;
const stages = (inner: string, outer: string): string =>
  model("return repeat(stages, x)", {
    body: `block Inner(x: f[B, T, dim]) -> f[B, T, dim] {${inner}
  return x + x
}

block Stage(x: f[B, T, dim]) -> f[B, T, dim] {
  use blocks: Inner[2]${outer}
  return repeat(blocks, x)
}

use stages: Stage[3]`,
  });
const stacked = (published: string): string =>
  model("return x * experts[0] + x * experts[1]", {
    body: `param experts: f[2, dim]\n\nweights {\n  stack experts[e] = "${published}"\n}`,
  });

const fnThatCalls = (i: number): string =>
  `fn f${i}(x: f[B, T, C]) -> f[B, T, C] {\n  return ${i === 0 ? "x + x" : `f${i - 1}(f${i - 1}(x))`}\n}\n`;
const doubling = (levels: number): string =>
  `${Array.from({ length: levels }, (_, i) => fnThatCalls(i)).join("\n")}\n${model(`return f${levels - 1}(x)`)}`;
const doublingShown = (levels: number): string =>
  `${[fnThatCalls(0), fnThatCalls(1)].join("\n")}\n// and so on, to f${levels - 1}\n\n${model(`return f${levels - 1}(x)`)}`;

export const SEMANTICS = {
  LLM0201: entry(
    "an unknown name",
    "Nothing of this name is visible here. A block of a file's top level sees only its own config and tensors.",
    model("let h = norn(x)\nreturn h", { body: "use norm: RmsNorm(dim)" }),
    model("let h = norm(x)\nreturn h", { body: "use norm: RmsNorm(dim)" }),
  ),
  LLM0202: entry(
    "a name is declared twice",
    "A name means one thing in its scope, and values never change.",
    model("let h = x + x\nlet h = h * x\nreturn h"),
    model("let a = x + x\nlet h = a * x\nreturn h"),
  ),
  LLM0203: entry(
    "operand shapes do not match",
    "The sizes that an op needs equal are not. Sizes are compared as exact polynomials, after the config values are known.",
    model("return proj(x)", { body: "use proj: Linear(2 * dim, dim)" }),
    model("return proj(concat(x, x, axis: 2))", { body: "use proj: Linear(2 * dim, dim)" }),
  ),
  LLM0204: entry(
    "a division of sizes is not exact",
    "Sizes are integers: the divisor must divide for every value of `B` and `T`.",
    model("let head = dim / 3\nreturn x * head"),
    model("let head = dim / 4\nreturn x * head"),
  ),
  LLM0205: entry(
    "a wrong number of arguments",
    "A call gives each argument that has no default, and no more than there are.",
    model("return norm(x)", { body: "use norm: RmsNorm()" }),
    model("return norm(x)", { body: "use norm: RmsNorm(dim)" }),
  ),
  LLM0206: entry(
    "an unknown argument name",
    "What is called has no argument of this name.",
    heads("attention(a, a, a, masks: causal)"),
    heads("attention(a, a, a, mask: causal)"),
  ),
  LLM0207: entry(
    "a value of another kind is needed",
    "Sizes and attributes are compile-time values (int, float, bool, text); operands are tensors.",
    model("return norm(x)", { body: 'use norm: RmsNorm("dim")' }),
    model("return norm(x)", { body: "use norm: RmsNorm(dim)" }),
  ),
  LLM0208: entry(
    "an operator on values it is not defined for",
    "Arithmetic takes numbers and tensors, `&&`, `||` and `!` take truth values, and texts can only be compared.",
    model('return x * "2"'),
    model("return x * 2"),
  ),
  LLM0209: entry(
    "this cannot be called",
    "What is called is a block that `use` gave a path, a `fn`, or an op. A block is used before it is called, because its parameters need a path.",
    model("return Linear(x)"),
    model("return proj(x)", { body: "use proj: Linear(dim, dim)" }),
  ),
  LLM0210: entry(
    "a model has one `forward`",
    "`forward` over a whole sequence is the only function that a model is compiled from.",
    "model Tiny(dim: int = 8) {\n  require dim > 4\n}\n",
    model("return x", { body: "require dim > 4" }),
  ),
  LLM0211: entry(
    "nothing is returned",
    "The body of a `forward`, a `block` and a `fn` ends with `return`, on the path that the config values choose.",
    tied("!tied"),
    tied("tied"),
  ),
  LLM0212: entry(
    "a block or function contains itself",
    "Blocks and functions are inlined, so they cannot be recursive. Layers that repeat are an array.",
    model("return layer(x)", {
      body: "block Layer(x: f[B, T, dim]) -> f[B, T, dim] {\n  use next: Layer\n  return next(x)\n}\n\nuse layer: Layer",
    }),
    layers("dim", "return x + x", "repeat(layers, x)"),
  ),
  LLM0213: entry(
    "an unknown type",
    "Element types are `f` (the compute type), `f32`, `f16`, `bf16`, `i32`, `u32` and `bool`; config values are `int`, `float`, `bool` and `text`.",
    "model Tiny(vocab: int = 16) {\n  forward(tokens: int[B, T]) -> f32[B, T, vocab] {\n    return one_hot(tokens, vocab)\n  }\n}\n",
    "model Tiny(vocab: int = 16) {\n  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {\n    return one_hot(tokens, vocab)\n  }\n}\n",
  ),
  LLM0214: entry(
    "not known before the model runs",
    "What decides how a model is compiled (sizes, conditions, config of blocks) is computed from config values. Tensors, and the symbols `B` and `T`, have their values later.",
    model("if T > 512 {\n  return x + x\n}\nreturn x"),
    model("if dim > 512 {\n  return x + x\n}\nreturn x"),
  ),
  LLM0215: entry(
    "a list of layers is not one block",
    "An array of layers is run by `repeat(layers, x)`; one of them is called as `layers[0](x)`. `repeat` takes the list first, then what is carried from layer to layer.",
    layers("dim", "return x + x", "layers(x)"),
    layers("dim", "return x + x", "layers[2](x)"),
  ),
  LLM0216: entry(
    "a layer does not return what it takes",
    "What a layer returns is the first argument of the next one, so the two have the same type.",
    layers("2 * dim", "return concat(x, x, axis: 2)", "repeat(layers, x)"),
    layers("dim", "return concat(x[..., 0:4], x[..., 4:8], axis: 2)", "repeat(layers, x)"),
  ),
  LLM0217: entry(
    "the result is not what was declared",
    "The type behind `->` is checked against what the body returns.",
    withFn(twice("2 * C"), "return x + twice(x)[..., 0:dim]"),
    withFn(twice("2 * C", "concat(x, x, axis: 2)"), "return x + twice(x)[..., 0:dim]"),
  ),
  LLM0218: entry(
    "an index is outside of what it indexes",
    "Ranges are half-open and lie within the axis, list or array; indices count from 0.",
    model("return x[..., 0:dim + 1]"),
    model("return x[..., 0:dim]"),
  ),
  LLM0219: entry(
    "two parameters have the same path",
    "A path names one tensor of the checkpoint. A tensor that is read in two places is used once and named twice.",
    model("return m.norm(x)", { body: "use m.norm: RmsNorm(dim), m.norm: LayerNorm(dim)" }),
    model("return m.last(m.norm(x))", { body: "use m.norm: RmsNorm(dim), m.last: LayerNorm(dim)" }),
  ),
  LLM0220: entry(
    "declared but never used",
    "A warning: the value is computed, the parameter is asked of the checkpoint, or the config value is set, for nothing. A name with a leading `_` is meant so.",
    model("let h = x + x\nreturn x"),
    model("let h = x + x\nreturn h"),
  ),
  LLM0221: entry(
    "an unknown model",
    "`train` and `adapt` name a model of the same file.",
    declared("train Pretrain(Tyni) {\n  clip: 1.0\n}"),
    declared("train Pretrain(Tiny) {\n  clip: 1.0\n}"),
  ),
  LLM0222: entry(
    "an unknown entry of `train` or `adapt`",
    "`train` has the entries loss, optimizer, precision, clip, accumulate, steps, batch, context and seed; `adapt` knows the method `lora(rank, alpha)`.",
    declared("train Pretrain(Tiny) {\n  optimiser: adamw(lr: 3e-4)\n}"),
    declared("train Pretrain(Tiny) {\n  optimizer: adamw(lr: 3e-4)\n}"),
  ),
  LLM0223: entry(
    "a pattern that names no parameter",
    "The patterns of `adapt` and the paths of `weights` name parameters of the model: `*` is one name, `**` any number, `{a,b}` either.",
    declared('adapt Chat(Tiny) {\n  lora(rank: 16) on "**.q_proj"\n}'),
    declared('adapt Chat(Tiny) {\n  lora(rank: 16) on "{q_proj,proj}"\n}'),
  ),
  LLM0224: entry(
    "a tap in a loop inside of a loop",
    "What a tap in a layer shows is one tensor a layer. Inside of layers of layers there is no such list.",
    stages('\n  tap "inner" = x', ""),
    stages("", '\n  tap "stage" = x'),
  ),
  LLM0225: entry(
    "a word that the argument does not know",
    "An argument of an op that is a word is one of a few; the message lists them.",
    heads("attention(a, a, a, mask: casual)"),
    heads("attention(a, a, a, mask: causal)"),
  ),
  LLM0226: entry(
    "a number outside of the argument's range",
    "Some numbers mean nothing for an argument of an op: a window of 0 keys shows nothing, a negative `eps` is no guard.",
    heads("attention(a, a, a, mask: causal, window: 0)"),
    heads("attention(a, a, a, mask: causal, window: 1)"),
  ),
  LLM0227: entry(
    "a tensor has no methods",
    "Ops are called with the tensor as an argument: `softmax(x)`, not `x.softmax()`. Sizes have the names that the type gives them.",
    model("return x.softmax()"),
    model("return softmax(x)"),
  ),
  LLM0228: entry(
    "this is never reached",
    "A warning: nothing behind a `return` runs. Behind an `if` that returns in both branches nothing does either.",
    model("return x + x\nlet h = x * 2\nreturn h"),
    model("if dim > 8 {\n  return x + x\n}\nlet h = x * 2\nreturn h"),
  ),
  LLM0229: entry(
    "a name hides another one",
    "A warning: a `let` in a body has the name of something that the body around it declares, which then cannot be meant any more.",
    model("let norm = norm(x)\nreturn norm", { body: "use norm: RmsNorm(dim)" }),
    model("let h = norm(x)\nreturn h", { body: "use norm: RmsNorm(dim)" }),
  ),
  LLM0230: entry(
    "an argument is given twice",
    "Each argument has one value; one that stands at its place needs no name.",
    model("return norm(x, x: x)", { body: "use norm: RmsNorm(dim)" }),
    model("return norm(x: x)", { body: "use norm: RmsNorm(dim)" }),
  ),
  LLM0231: entry(
    "`use` takes a block",
    "`use` gives a block a path for its parameters. Ops and functions have none: they are called where their result is needed.",
    model("return norm(x)", { body: "use norm: rms_norm(dim)" }),
    model("return norm(x)", { body: "use norm: RmsNorm(dim)" }),
  ),
  LLM0232: entry(
    "a published name without the number",
    'In `weights`, `stack` makes one parameter of several published tensors; their names differ in the number at the index: `stack experts[e] = "experts.{e}.w1"`. Likewise each `{i}` in the path of a `rename` is a number that the published name has.',
    stacked("experts.w1"),
    stacked("experts.{e}.w1"),
  ),
  LLM0233: entry(
    "an argument of another element type",
    "Element types are never converted silently. `cast(x, f32)` converts where that is meant.",
    withFn(twice("C"), "return x + twice(cast(x, i32))"),
    withFn(twice("C"), "return x + twice(cast(cast(x, i32), f32))"),
  ),
  LLM0234: entry(
    "names in parentheses that do not fit the value",
    "`let (q, k, v) = ...` gives each item of a list a name: the value is a list, and has as many items.",
    model("let (a, b) = split(concat(x, x, x, axis: -1), 3)\nreturn a + b"),
    model("let (a, b, c) = split(concat(x, x, x, axis: -1), 3)\nreturn a + b + c"),
  ),
  LLM0241: entry(
    "too much to write out",
    "Blocks and functions are inlined at their calls: a function that calls another one twice is twice as long, and so is each that calls it. A model is at most 50,000 such calls, and 50,000 blocks outside of lists. Lists of equal layers are loops, whose body is inlined once.",
    { ...checked(doubling(16)), shown: doublingShown(16) },
    { ...checked(doubling(12)), shown: doublingShown(12) },
  ),
  LLM0240: entry(
    "the parts of a `scan` do not fit",
    "`scan` walks along the axis of one size, which all its inputs have at the same place. Its body returns the next value of each state, of the state's own type, and then one or more results.",
    model("let y = scan(h: f[B, dim]) over T with x {\n  return h + x\n}\nreturn y"),
    model("let y = scan(h: f[B, dim]) over T with x {\n  return (h + x, h)\n}\nreturn y"),
  ),
} as const;
