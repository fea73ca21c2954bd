/** LLM02xx: what the semantic analysis reports about names, shapes, types and ops. */
import { entry } from "./entry.ts";

export const SEMANTICS = {
  LLM0201: entry(
    "an unknown name",
    "Nothing of this name is visible here. A block of a file's top level sees only its own config and tensors.",
    "let h = norn(x)",
    "let h = norm(x)",
  ),
  LLM0202: entry(
    "a name is declared twice",
    "A name means one thing in its scope, and values never change.",
    "let h = f(x)\nlet h = g(h)",
    "let a = f(x)\nlet h = g(a)",
  ),
  LLM0203: entry(
    "operand shapes do not match",
    "The sizes that an op needs equal are not. Sizes are compared as exact polynomials, after the config values are known.",
    "use o_proj: Linear(1024, dim) // its argument is f[B, T, 768]",
    "use o_proj: Linear(heads * head, dim)",
  ),
  LLM0204: entry(
    "a division of sizes is not exact",
    "Sizes are integers: the divisor must divide for every value of `B` and `T`.",
    "let head = 768 / 9",
    "require dim % heads == 0\nlet head = dim / heads",
  ),
  LLM0205: entry(
    "a wrong number of arguments",
    "A call gives each parameter once.",
    "rms_norm(x)",
    "rms_norm(x, weight, eps)",
  ),
  LLM0206: entry(
    "an unknown argument name",
    "The callee has no parameter of this name.",
    "attention(q, k, v, masks: causal)",
    "attention(q, k, v, mask: causal)",
  ),
  LLM0207: entry(
    "a value of another type is needed",
    "Sizes and attributes are compile-time values (int, float, bool, text); operands are tensors.",
    'use norm: RmsNorm("dim", eps)',
    "use norm: RmsNorm(dim, eps)",
  ),
  LLM0208: entry(
    "an operator on values it is not defined for",
    "Arithmetic takes numbers and tensors, `&&`, `||` and `!` take truth values, and texts can only be compared.",
    'let h = x * "2"',
    "let h = x * 2",
  ),
  LLM0209: entry(
    "this cannot be called",
    "What is called is a block that `use` gave a path, a `fn`, or an op. A block is used before it is called, because its parameters need a path.",
    "let h = Linear(x)",
    "use proj: Linear(dim, dim)\n// and later\nlet h = proj(x)",
  ),
  LLM0210: entry(
    "a model has one `forward`",
    "`forward` over a whole sequence is the only function that a model is compiled from.",
    "model Empty(dim: int = 8) { }",
    "model Tiny(dim: int = 8) { forward(x: f[B, T, dim]) -> f[B, T, dim] { return x } }",
  ),
  LLM0211: entry(
    "nothing is returned",
    "The body of a `forward`, a `block` and a `fn` ends with `return`, on the path that the config values choose.",
    "fn twice(x: f[...]) -> f[...] { let y = x + x }",
    "fn twice(x: f[...]) -> f[...] { return x + x }",
  ),
  LLM0212: entry(
    "a block or function contains itself",
    "Blocks and functions are inlined, so they cannot be recursive. Layers that repeat are an array.",
    "block Layer(x: f[B, T, 8]) -> f[B, T, 8] { use next: Layer return next(x) }",
    "use layers: Layer[depth]\n// and later\nrepeat(layers, x)",
  ),
  LLM0213: entry(
    "an unknown element type",
    "Element types are `f` (the compute type), `f32`, `f16`, `bf16`, `i32`, `u32` and `bool`.",
    "forward(tokens: int[B, T]) -> f32[B, T, vocab] { }",
    "forward(tokens: i32[B, T]) -> f32[B, T, vocab] { }",
  ),
  LLM0214: entry(
    "not known before the model runs",
    "What decides how a model is compiled (sizes, conditions, config of blocks) is computed from config values. Tensors, and the symbols `B` and `T`, have their values later.",
    "if T > 512 { let h = norm(x) }",
    "if long { let h = norm(x) }",
  ),
  LLM0215: entry(
    "a list of layers is not one block",
    "An array of layers is run by `repeat(layers, x)`; one of them is called as `layers[0](x)`. `repeat` takes the list first, then what is carried from layer to layer.",
    "let h = model.layers(x)",
    "let h = repeat(model.layers, x)",
  ),
  LLM0216: entry(
    "a layer does not return what it takes",
    "What a layer returns is the first argument of the next one, so the two have the same type.",
    "block Layer(x: f[B, T, dim]) -> f[B, T, 2 * dim] { return concat(x, x) }",
    "block Layer(x: f[B, T, dim]) -> f[B, T, dim] { return x + x }",
  ),
  LLM0217: entry(
    "the result is not what was declared",
    "The type behind `->` is checked against what the body returns.",
    "fn twice(x: f[B, T, C]) -> f[B, T, 2 * C] { return x + x }",
    "fn twice(x: f[B, T, C]) -> f[B, T, C] { return x + x }",
  ),
  LLM0218: entry(
    "an index is outside of what it indexes",
    "Ranges are half-open and lie within the axis, list or array; indices count from 0.",
    "let q = qkv[..., 0:4 * dim] // qkv is f[B, T, 3 * dim]",
    "let q = qkv[..., 0:dim]",
  ),
  LLM0219: entry(
    "two parameters have the same path",
    "A path names one tensor of the checkpoint. A tensor that is read in two places is used once and named twice.",
    "use model.norm: RmsNorm(dim, eps), model.norm: LayerNorm(dim, eps)",
    "use model.norm: RmsNorm(dim, eps), model.final_norm: LayerNorm(dim, eps)",
  ),
  LLM0220: entry(
    "declared but never used",
    "A warning: the value is computed, or the parameter is asked of the checkpoint, for nothing.",
    "let a = norm(x)\nreturn x",
    "let a = norm(x)\nreturn a",
  ),
  LLM0221: entry(
    "an unknown model",
    "`train` and `adapt` name a model of the same file.",
    "train Pretrain(Lama) { clip: 1.0 }",
    "train Pretrain(Llama) { clip: 1.0 }",
  ),
  LLM0222: entry(
    "an unknown entry of `train` or `adapt`",
    "`train` has the entries loss, optimizer, precision, clip, accumulate, steps, batch, context and seed; `adapt` knows the method `lora(rank, alpha)`.",
    "train Pretrain(Llama) { optimiser: adamw(lr: 3e-4) }",
    "train Pretrain(Llama) { optimizer: adamw(lr: 3e-4) }",
  ),
  LLM0223: entry(
    "a pattern that names no parameter",
    "The patterns of `adapt` and the paths of `weights` name parameters of the model: `*` is one name, `**` any number, `{a,b}` either.",
    'adapt Chat(Llama) { lora(rank: 16) on "**.qproj" }',
    'adapt Chat(Llama) { lora(rank: 16) on "**.q_proj" }',
  ),
  LLM0224: entry(
    "a tap in a loop inside of a loop",
    "What a tap in a layer shows is one tensor a layer. Inside of layers of layers there is no such list.",
    'block Inner(x: f[B, T, 8]) -> f[B, T, 8] { tap "inner" = x return x } // in a list, in a block of a list',
    'block Stage(x: f[B, T, 8]) -> f[B, T, 8] { tap "stage" = x return repeat(blocks, x) }',
  ),
} as const;
