/** One small source for each diagnostic of the semantic analysis, with a near miss that must not have it. */
import { modelWith } from "./analyze-text.ts";

export interface Mistake {
  readonly code: string;
  readonly title: string;
  readonly wrong: string;
  readonly right: string;
  /** `--set` values for the wrong and the right one. */
  readonly set?: Readonly<Record<string, string>>;
  readonly rightSet?: Readonly<Record<string, string>>;
  readonly model?: string;
}

const block = (result: string, body: string): string =>
  `  block Layer(x: f[B, T, dim]) -> f[B, T, ${result}] {\n    ${body}\n  }`;

const scans = (cases: readonly (readonly [title: string, wrong: string, right: string])[]): readonly Mistake[] => {
  const walked = (rest: string): string => modelWith({ forward: `let y = scan(h: f[B, dim]${rest}\n    return y` });
  return cases.map(([title, wrong, right]) => ({ code: "LLM0240", title, wrong: walked(wrong), right: walked(right) }));
};

const stages = (inner: string, outer: string): string =>
  `  block Inner(x: f[B, T, dim]) -> f[B, T, dim] {\n    ${inner}\n  }
  block Stage(x: f[B, T, dim]) -> f[B, T, dim] {\n    use blocks: Inner[2]\n    ${outer}\n  }
  use stages: Stage[3]`;

const attention = (attributes: string, config?: string): string =>
  modelWith({
    ...(config === undefined ? {} : { config }),
    forward: `let a = split_heads(x, heads)\n    return merge_heads(attention(a, a, a, ${attributes}))`,
  });

const rotated = (call: string): string =>
  modelWith({
    config: `dim: int = 8, heads: int = 2${call.includes("turned") ? ", turned: int = 4" : ""}`,
    body: "  use up: Linear(dim, dim)",
    forward: `return merge_heads(${call})`,
  });

const convolved = (parameter: string, rest: string): string =>
  modelWith({
    body: `  ${parameter}`,
    forward: `let image = conv2d(reshape(x, [B * T, 1, 2, dim / 2]), ${rest})
    return x + reshape(mean(mean(sum(image, axis: 1), axis: 2), axis: 1), [B, T, 1])`,
  });

const ACTIVATION = 'dim: int = 8, kind: text = "gelu"';
const chosen = (condition: string): string => `  require ${condition}`;

/** A block with two of the one before, and so on; the last level is `f`, a function that is called twice. */
const doubled = (levels: number): string => {
  const block = (i: number): string =>
    `block L${i}(x: f[B, T, 8]) -> f[B, T, 8] {\n  ${i === 0 ? "use" : `use a: L${i - 1},`} b: ${i === 0 ? "RmsNorm(8)" : `L${i - 1}`}\n  return ${i === 0 ? "b(x)" : "a(x) + b(x)"}\n}\n`;
  return Array.from({ length: levels }, (_, i) => block(i)).join("");
};
const called = (levels: number): string =>
  Array.from({ length: levels }, (_, i) => `fn f${i}(x: f[B, T, C]) -> f[B, T, C] {\n  return ${i === 0 ? "x + x" : `f${i - 1}(f${i - 1}(x))`}\n}\n`).join(""); // prettier-ignore

export const MISTAKES: readonly Mistake[] = [
  {
    code: "LLM0241",
    title: "functions that call another one twice, with a model that calls three of them",
    wrong: called(17) + modelWith({ forward: "let y = f3(f13(x))\n    return f16(y) + f2(y)" }),
    right: called(14) + modelWith({ forward: "let y = f3(f13(x))\n    return f12(y) + f2(y)" }),
  },
  {
    code: "LLM0241",
    title: "blocks that use another one twice",
    wrong: doubled(18) + modelWith({ body: "  use top: L17", forward: "return top(x)" }),
    right: doubled(14) + modelWith({ body: "  use top: L12, many: L13[3]", forward: "return repeat(many, top(x))" }),
  },
  {
    code: "LLM0201",
    title: "an unknown name, with the near one",
    wrong: modelWith({ body: "  use norm: RmsNorm(dim)", forward: "let hidden = norm(x)\n    return hiden + norm(x)" }),
    right: modelWith({
      body: "  use norm: RmsNorm(dim)",
      forward: "let hidden = norm(x)\n    return hidden + norm(x)",
    }),
  },
  {
    code: "LLM0201",
    title: "an unknown name of one letter, which no other one is near to",
    wrong: modelWith({ forward: "return y" }),
    right: modelWith({ forward: "let y = x + x\n    return y" }),
  },
  {
    code: "LLM0201",
    title: "an unknown name of one letter, in the other case",
    wrong: modelWith({ forward: "return X" }),
    right: modelWith({ forward: "return x" }),
  },
  {
    code: "LLM0202",
    title: "a name declared twice",
    wrong: modelWith({ forward: "let h = x + x\n    let h = h + x\n    return h" }),
    right: modelWith({ forward: "let a = x + x\n    let h = a + x\n    return h" }),
  },
  {
    code: "LLM0202",
    title: "a path that starts with the name of a block",
    wrong: modelWith({ body: "  use a: RmsNorm(dim), a.b: RmsNorm(dim)", forward: "return a.b(a(x))" }),
    right: modelWith({ body: "  use c.a: RmsNorm(dim), c.b: RmsNorm(dim)", forward: "return c.b(c.a(x))" }),
  },
  {
    code: "LLM0202",
    title: "a block named like the model, and used",
    wrong: `${modelWith({ body: "  use same: Tiny", forward: "return same(x)" })}block Tiny(x: f[B, T, C]) -> f[B, T, C] { return x }\n`,
    right: `${modelWith({ body: "  use same: Same", forward: "return same(x)" })}block Same(x: f[B, T, C]) -> f[B, T, C] { return x }\n`,
  },
  {
    code: "LLM0202",
    title: "two models of one name",
    wrong: modelWith({ forward: "return x" }) + modelWith({ forward: "return x + x" }),
    right: modelWith({ forward: "return x" }),
  },
  {
    code: "LLM0202",
    title: "two parameters of a function",
    wrong: `fn mix(x: f[...], x: f[...]) -> f[...] { return x }\n${modelWith({ forward: "return mix(x, x)" })}`,
    right: `fn mix(x: f[...], y: f[...]) -> f[...] { return x + y }\n${modelWith({ forward: "return mix(x, x)" })}`,
  },
  {
    code: "LLM0203",
    title: "a block takes another size, with the arithmetic",
    wrong: modelWith({
      config: "dim: int = 768, heads: int = 12",
      body: "  let head = dim / heads\n  use o_proj: Linear(1024, dim)",
      forward: "let y = split_heads(x, heads)\n    return o_proj(merge_heads(y)) * head",
    }),
    right: modelWith({
      config: "dim: int = 768, heads: int = 12",
      body: "  let head = dim / heads\n  use o_proj: Linear(heads * head, dim)",
      forward: "let y = split_heads(x, heads)\n    return o_proj(merge_heads(y)) * head",
    }),
  },
  {
    code: "LLM0203",
    title: "layers that take another shape than the first is given",
    wrong: modelWith({
      body: "  block Layer(x: f[B, T, dim]) -> f[B, T, dim] {\n    return x\n  }\n  use layers: Layer[2]",
      forward: "return repeat(layers, concat(x, x, axis: 1))[:, 0:T]",
    }),
    right: modelWith({
      body: "  block Layer(x: f[B, S, dim]) -> f[B, S, dim] {\n    return x\n  }\n  use layers: Layer[2]",
      forward: "return repeat(layers, concat(x, x, axis: 1))[:, 0:T]",
    }),
  },
  {
    code: "LLM0204",
    title: "a division that leaves a remainder",
    wrong: modelWith({
      config: "dim: int = 50, heads: int = 6",
      body: "  let head = dim / heads",
      forward: "return x * head",
    }),
    right: modelWith({
      config: "dim: int = 48, heads: int = 6",
      body: "  let head = dim / heads",
      forward: "return x * head",
    }),
  },
  {
    code: "LLM0205",
    title: "an argument is missing",
    wrong: modelWith({ body: "  use norm: RmsNorm()", forward: "return norm(x)" }),
    right: modelWith({ body: "  use norm: RmsNorm(dim)", forward: "return norm(x)" }),
  },
  {
    code: "LLM0206",
    title: "an unknown argument name",
    wrong: modelWith({ body: "  use norm: RmsNorm(dim, epsilon: 1e-5)", forward: "return norm(x)" }),
    right: modelWith({ body: "  use norm: RmsNorm(dim, eps: 1e-5)", forward: "return norm(x)" }),
  },
  {
    code: "LLM0207",
    title: "a text where a size is needed",
    wrong: modelWith({ body: '  use norm: RmsNorm("dim")', forward: "return norm(x)" }),
    right: modelWith({ body: "  use norm: RmsNorm(dim, 1)", forward: "return norm(x)" }),
  },
  {
    code: "LLM0207",
    title: "tensors in brackets where they stand one by one",
    wrong: modelWith({ forward: "return x + sum(concat([x, x], axis: -1), axis: -1, keep: true)" }),
    right: modelWith({ forward: "return x + sum(concat(x, x, axis: -1), axis: -1, keep: true)" }),
  },
  {
    code: "LLM0207",
    title: "a number looked for among texts",
    wrong: modelWith({ forward: 'return if contains(["1", "2"], 1) { x } else { relu(x) }' }),
    right: modelWith({ forward: "return if contains([1, 2], 1) { x } else { relu(x) }" }),
  },
  {
    code: "LLM0207",
    title: "a list looked for in a number",
    wrong: modelWith({ forward: "return if contains(1, [1, 2]) { x } else { relu(x) }" }),
    right: modelWith({ forward: "return if contains([1, 2], 1) { x } else { relu(x) }" }),
  },
  {
    code: "LLM0208",
    title: "a tensor times a text",
    wrong: modelWith({ forward: 'return x * "2"' }),
    right: modelWith({ forward: "return x * 2" }),
  },
  {
    code: "LLM0209",
    title: "a block that was not used",
    wrong: modelWith({ forward: "return Linear(x)" }),
    right: modelWith({ body: "  use linear: Linear(dim, dim)", forward: "return linear(x)" }),
  },
  {
    code: "LLM0210",
    title: "no forward",
    wrong: "model Tiny(dim: int = 8) { }",
    right: modelWith({ forward: "return x" }),
  },
  {
    code: "LLM0211",
    title: "nothing is returned on the chosen path",
    wrong: modelWith({ config: "dim: int = 8, tied: bool = true", forward: "if !tied { return x }" }),
    right: modelWith({ config: "dim: int = 8, tied: bool = true", forward: "if tied { return x }" }),
  },
  {
    code: "LLM0212",
    title: "a block that contains itself",
    wrong: modelWith({
      body: `${block("dim", "use next: Layer\n    return next(x)")}\n  use layer: Layer`,
      forward: "return layer(x)",
    }),
    right: modelWith({
      body: `${block("dim", "return x + x")}\n  use layer: Layer, next: Layer`,
      forward: "return next(layer(x))",
    }),
  },
  {
    code: "LLM0213",
    title: "an unknown element type",
    wrong: "model Tiny() { forward(x: i31[B, T]) -> i32[B, T] { return x } }",
    right: "model Tiny() { forward(x: i32[B, T]) -> i32[B, T] { return x } }",
  },
  {
    code: "LLM0214",
    title: "a condition on a size that is known only later",
    wrong: modelWith({ forward: "if T > 512 { return x }\n    return x + x" }),
    right: modelWith({ forward: "if T == T { return x }\n    return x + x" }),
  },
  {
    code: "LLM0215",
    title: "a list of layers is called like one block",
    wrong: modelWith({ body: `${block("dim", "return x + x")}\n  use layers: Layer[3]`, forward: "return layers(x)" }),
    right: modelWith({
      body: `${block("dim", "return x + x")}\n  use layers: Layer[3]`,
      forward: "return layers[2](x)",
    }),
  },
  {
    code: "LLM0216",
    title: "a layer returns another type than it takes",
    wrong: modelWith({
      body: `${block("2 * dim", "use up: Linear(dim, 2 * dim)\n    return up(x)")}\n  use layers: Layer[3]`,
      forward: "return repeat(layers, x)",
    }),
    right: modelWith({
      body: `${block("dim", "use up: Linear(dim, dim)\n    return up(x)")}\n  use layers: Layer[3]`,
      forward: "return repeat(layers, x)",
    }),
  },
  {
    code: "LLM0217",
    title: "the result has another size than declared",
    wrong: modelWith({ body: "  use up: Linear(dim, 4 * dim)", forward: "return up(x)" }),
    right: modelWith({ body: "  use up: Linear(dim, dim * (2 - 1))", forward: "return up(x)" }),
  },
  {
    code: "LLM0218",
    title: "a slice beyond the axis",
    wrong: modelWith({ forward: "return x[..., 0:dim + 1]" }),
    right: modelWith({ forward: "return x[..., 0:dim]" }),
  },
  {
    code: "LLM0219",
    title: "a path used twice",
    wrong: modelWith({ body: "  use m.a: RmsNorm(dim), m.a: RmsNorm(dim)", forward: "return m.a(x)" }),
    right: modelWith({ body: "  use m.a: RmsNorm(dim), m.b: RmsNorm(dim)", forward: "return m.b(m.a(x))" }),
  },
  {
    code: "LLM0220",
    title: "a value that is never used",
    wrong: modelWith({ forward: "let h = x + x\n    return x" }),
    right: modelWith({ forward: "let _h = x + x\n    return x" }),
  },
  {
    code: "LLM0221",
    title: "an unknown model",
    wrong: `${modelWith({ forward: "return x" })}\ntrain Pretrain(Tyni) { clip: 1.0 }`,
    right: `${modelWith({ forward: "return x" })}\ntrain Pretrain(Tiny) { clip: 1.0 }`,
  },
  {
    code: "LLM0222",
    title: "an unknown entry of train",
    wrong: `${modelWith({ forward: "return x" })}\ntrain Pretrain(Tiny) { optimiser: adamw(lr: 3e-4) }`,
    right: `${modelWith({ forward: "return x" })}\ntrain Pretrain(Tiny) { optimizer: adamw(lr: 3e-4) }`,
  },
  {
    code: "LLM0223",
    title: "a pattern that names no parameter",
    wrong: `${modelWith({ body: "  use a.q_proj: Linear(dim, dim)", forward: "return a.q_proj(x)" })}\nadapt Chat(Tiny) { lora(rank: 4) on "**.{k_proj,v_proj}" }`,
    right: `${modelWith({ body: "  use a.q_proj: Linear(dim, dim)", forward: "return a.q_proj(x)" })}\nadapt Chat(Tiny) { lora(rank: 4) on "**.{q_proj,v_proj}" }`,
  },
  {
    code: "LLM0203",
    title: "a block takes another number of axes",
    wrong: `block Mix(n: int)(x: f[N, D]) -> f[N, n] {\n  param w: f[n, n]\n  return x @ w\n}\n${modelWith({ body: "  use mix: Mix(dim)", forward: "return mix(x)" })}`,
    right: `block Mix(n: int)(x: f[A, N, D]) -> f[A, N, n] {\n  param w: f[n, n]\n  return x @ w\n}\n${modelWith({ body: "  use mix: Mix(dim)", forward: "return mix(x)" })}`,
  },
  {
    code: "LLM0224",
    title: "a tap in a loop inside of a loop",
    wrong: modelWith({
      body: stages('tap "inner" = x\n    return x + x', "return repeat(blocks, x)"),
      forward: "return repeat(stages, x)",
    }),
    right: modelWith({
      body: stages("return x + x", 'tap "stage" = x\n    return repeat(blocks, x)'),
      forward: "return repeat(stages, x)",
    }),
  },
  {
    code: "LLM0225",
    title: "a mask that there is not, with the near one",
    wrong: attention("mask: casual"),
    right: attention("mask: causal"),
  },
  {
    code: "LLM0225",
    title: "a scaling that there is not, from a config value",
    wrong: modelWith({ config: 'dim: int = 8, kind: text = "lama3"', forward: "return rope(x, 1e4, scaling: kind)" }),
    right: modelWith({ config: 'dim: int = 8, kind: text = "none"', forward: "return rope(x, 1e4, scaling: kind)" }),
  },
  {
    code: "LLM0226",
    title: "a window of no keys",
    wrong: attention("mask: causal, window: 0"),
    right: attention("mask: causal, window: 1"),
  },
  {
    code: "LLM0226",
    title: "a negative window, from outside",
    wrong: attention("window: window", "dim: int = 8, heads: int = 2, window: int = 4"),
    right: attention("window: window", "dim: int = 8, heads: int = 2, window: int = 4"),
    set: { window: "-3" },
    rightSet: { window: "3" },
  },
  {
    code: "LLM0226",
    title: "a head wider than any, by a config value behind two functions",
    wrong: rotated("rope(split_heads(up(x), heads), 10000.0)"),
    right: rotated("rope(split_heads(up(x), heads), 10000.0)"),
    set: { dim: "131074", heads: "1" },
    rightSet: { dim: "131072", heads: "2" },
  },
  {
    code: "LLM0226",
    title: "more rotated channels than any head has, from outside",
    wrong: rotated("rope(split_heads(up(x), heads), 10000.0, dims: turned)"),
    right: rotated("rope(split_heads(up(x), heads), 10000.0, dims: turned)"),
    set: { dim: "131072", heads: "1", turned: "65538" },
    rightSet: { dim: "131072", heads: "1", turned: "65536" },
  },
  {
    code: "LLM0226",
    title: "a negative eps, at the default",
    wrong: modelWith({
      config: "dim: int = 8, eps: float = -1e-6",
      body: "  use norm: RmsNorm(dim, eps)",
      forward: "return norm(x)",
    }),
    right: modelWith({
      config: "dim: int = 8, eps: float = 0.0",
      body: "  use norm: RmsNorm(dim, eps)",
      forward: "return norm(x)",
    }),
  },
  {
    code: "LLM0201",
    title: "a name of PyTorch",
    wrong: modelWith({ forward: "return self.norm(x)", body: "  use norm: RmsNorm(dim)" }),
    right: modelWith({ forward: "return self.norm(x)", body: "  use self.norm: RmsNorm(dim)" }),
  },
  {
    code: "LLM0201",
    title: "an op of PyTorch",
    wrong: modelWith({ forward: "return x.view(x, [B, T, dim])".replace("x.view", "view") }),
    right: modelWith({ forward: "return reshape(x, [B, T, dim])" }),
  },
  {
    code: "LLM0205",
    title: "several arguments too many, told once",
    wrong: modelWith({ forward: "return reshape(x, B, T, dim)" }),
    right: modelWith({ forward: "return reshape(x, [B, T, dim])" }),
  },
  {
    code: "LLM0206",
    title: "an argument as PyTorch names it",
    wrong: modelWith({ forward: "return softmax(x, dim: 2)" }),
    right: modelWith({ forward: "return softmax(x, axis: 2)" }),
  },
  {
    code: "LLM0209",
    title: "a value that hides the op that is meant",
    wrong: modelWith({ forward: "let relu = relu(x)\n    return relu(relu)" }),
    right: modelWith({ forward: "let relu = relu(x)\n    return silu(relu)" }),
  },
  {
    code: "LLM0209",
    title: "a block in a `let`",
    wrong: modelWith({ body: "  let norm = RmsNorm(dim)", forward: "return norm(x)" }),
    right: modelWith({ body: "  use norm: RmsNorm(dim)", forward: "return norm(x)" }),
  },
  {
    code: "LLM0220",
    title: "a config value that nothing reads; `context` and `eos` are for the tools",
    wrong: modelWith({ config: "dim: int = 8, heads: int = 2", forward: "return x" }),
    right: modelWith({ config: "dim: int = 8, context: int = 64, eos: int = 0", forward: "return x" }),
  },
  {
    code: "LLM0220",
    title: "an argument and an index that nothing reads",
    wrong: `fn first(x: f[...], n: int) -> f[...] { return x }\n${modelWith({ forward: "return first(x, 1)" })}`,
    right: `fn first(x: f[...], _n: int) -> f[...] { return x }\n${modelWith({ forward: "return first(x, 1)" })}`,
  },
  {
    code: "LLM0220",
    title: "an index of equal blocks",
    wrong: modelWith({ body: "  use norms: RmsNorm(dim) for i in 0..2", forward: "return repeat(norms, x)" }),
    right: modelWith({ body: "  use norms: RmsNorm(dim)[2]", forward: "return repeat(norms, x)" }),
  },
  {
    code: "LLM0220",
    title: "an input that nothing reads; its size may be read",
    wrong: "model Two() { forward(x: f[B, 8], y: f[B, 8]) -> f[B, 8] { return x } }",
    right: "model Two() { forward(x: f[B, 8], y: f[B, 8]) -> f[B, 8] { return x + y } }",
  },
  {
    code: "LLM0220",
    title: "a block of the file that nothing uses",
    wrong: `block Odd(x: f[B, T, 4]) -> f[B, T, 4] { return missing(x) }\n${modelWith({ forward: "return x" })}`,
    right: `block _Odd(x: f[B, T, 4]) -> f[B, T, 4] { return missing(x) }
fn twice(x: f[B, T, C]) -> f[B, T, C] { return x + x }\n${modelWith({ forward: "return twice(x)" })}`,
  },
  {
    code: "LLM0227",
    title: "a size of PyTorch",
    wrong: modelWith({ forward: "return x * x.shape[2]" }),
    right: modelWith({ forward: "return x * dim" }),
  },
  {
    code: "LLM0227",
    title: "a method that has another name",
    wrong: modelWith({ forward: "return x.permute(0, 1, 2)" }),
    right: modelWith({ forward: "return transpose(x, [0, 1, 2])" }),
  },
  {
    code: "LLM0228",
    title: "behind branches that both return",
    wrong: modelWith({ forward: "if dim > 4 { return x } else { return x + x }\n    return x" }),
    right: modelWith({ forward: 'if dim > 4 { return x } else { tap "a" = x }\n    return x' }),
  },
  {
    code: "LLM0229",
    title: "a config value is hidden",
    wrong: modelWith({
      config: "dim: int = 8, heads: int = 2",
      body: "  require heads > 0",
      forward: "let heads = 3\n    return x * heads",
    }),
    right: modelWith({
      config: "dim: int = 8, heads: int = 2",
      body: "  block Twice(heads: int)(x: f[B, T, dim]) -> f[B, T, dim] { return x * heads }\n  use twice: Twice(heads)",
      forward: "return twice(x)",
    }),
  },
  {
    code: "LLM0230",
    title: "an argument given twice by name",
    wrong: modelWith({ body: "  use norm: RmsNorm(dim, eps: 1e-5, eps: 1e-6)", forward: "return norm(x)" }),
    right: modelWith({ body: "  use norm: RmsNorm(dim, eps: 1e-5)", forward: "return norm(x)" }),
  },
  {
    code: "LLM0231",
    title: "a function in a `use`",
    wrong: `fn twice(x: f[...]) -> f[...] { return x + x }\n${modelWith({ body: "  use double: twice", forward: "return double(x)" })}`,
    right: `block Twice(x: f[...]) -> f[...] { return x + x }\n${modelWith({ body: "  use double: Twice", forward: "return double(x)" })}`,
  },
  {
    code: "LLM0232",
    title: "a rename to a number that the published name does not have",
    wrong: modelWith({
      body: '  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { use up: Linear(dim, dim) return up(x) }\n  use layers: Layer[2]\n  weights { rename "h.{i}.w" = "layers.{j}.up.weight" }',
      forward: "return repeat(layers, x)",
    }),
    right: modelWith({
      body: '  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { use up: Linear(dim, dim) return up(x) }\n  use layers: Layer[2]\n  weights { rename "h.{j}.w" = "layers.{j}.up.weight" }',
      forward: "return repeat(layers, x)",
    }),
  },
  {
    code: "LLM0232",
    title: "a stack whose parts have no number",
    wrong: modelWith({
      body: '  param up: f[2, dim]\n  weights { stack up[e] = "up.{i}" }',
      forward: "return x * up[0]",
    }),
    right: modelWith({
      body: '  param up: f[2, dim]\n  weights { stack up[e] = "up.{e}" }',
      forward: "return x * up[0]",
    }),
  },
  {
    code: "LLM0233",
    title: "an argument of another element type",
    wrong: modelWith({ body: "  use embed: Embedding(16, dim)", forward: "return embed(x[..., 0])" }),
    right: modelWith({ body: "  use embed: Embedding(16, dim)", forward: "return embed(cast(x[..., 0], i32))" }),
  },
  {
    code: "LLM0301",
    title: "an unknown config value",
    wrong: modelWith({ body: "  require heads > 0", forward: "return x" }),
    right: modelWith({ body: "  require heads > 0", forward: "return x" }),
    set: { haeds: "4" },
    rightSet: { heads: "4" },
  },
  {
    code: "LLM0302",
    title: "an end of text that is no token",
    wrong: modelWith({ config: 'dim: int = 8, eos: text = "end"', forward: "return x" }),
    right: modelWith({ config: "dim: int = 8, eos: int[] = [1, 2]", forward: "return x" }),
  },
  {
    code: "LLM0302",
    title: "a context that is a list",
    wrong: modelWith({ config: "dim: int = 8, context: int[] = [8]", forward: "return x" }),
    right: modelWith({ config: "dim: int = 8, context: int = 8", forward: "return x" }),
  },
  {
    code: "LLM0302",
    title: "a config value of the wrong type",
    wrong: modelWith({ body: "  require heads > 0", forward: "return x" }),
    right: modelWith({ body: "  require heads > 0", forward: "return x" }),
    set: { heads: "two" },
    rightSet: { heads: "2" },
  },
  {
    code: "LLM0303",
    title: "a config value without a default",
    wrong: modelWith({ config: "dim: int", forward: "return x" }),
    right: modelWith({ config: "dim: int", forward: "return x" }),
    rightSet: { dim: "64" },
  },
  {
    code: "LLM0304",
    title: "a requirement that does not hold",
    wrong: modelWith({ body: '  require dim % heads == 0, "heads must divide dim"', forward: "return x" }),
    right: modelWith({ body: '  require dim % heads == 0, "heads must divide dim"', forward: "return x" }),
    set: { heads: "3" },
    rightSet: { heads: "4" },
  },
  {
    code: "LLM0304",
    title: "a word that is none of those required, near one of them",
    wrong: modelWith({ config: ACTIVATION, body: chosen('kind == "gelu" || kind == "relu"'), forward: "return x" }),
    right: modelWith({ config: ACTIVATION, body: chosen('kind == "gelu" || kind == "relu"'), forward: "return x" }),
    set: { kind: "rleu" },
    rightSet: { kind: "relu" },
  },
  {
    code: "LLM0304",
    title: "a word that is near none; one that a condition of another form asks for passes",
    wrong: modelWith({ config: ACTIVATION, body: chosen('kind == "gelu" || ("relu" == kind)'), forward: "return x" }),
    right: modelWith({ config: ACTIVATION, body: chosen('kind == "gelu" || dim == 8'), forward: "return x" }),
    set: { kind: "abc" },
    rightSet: { kind: "abc" },
  },
  {
    code: "LLM0304",
    title: "a condition that is no list of words",
    wrong: modelWith({ config: ACTIVATION, body: chosen('kind == "gelu" || dim == 9'), forward: "return x" }),
    right: modelWith({ config: ACTIVATION, body: chosen('kind == "gelu" || dim == 8'), forward: "return x" }),
    set: { kind: "geul" },
    rightSet: { kind: "geul" },
  },
  {
    code: "LLM0305",
    title: "a size of 0, at the default",
    wrong: modelWith({ config: "dim: int = 0", forward: "return x" }),
    right: modelWith({ config: "dim: int = 1", forward: "return x" }),
  },
  {
    code: "LLM0305",
    title: "negative heads, at the value and not at the reshape",
    wrong: modelWith({ forward: "return merge_heads(split_heads(x, heads))" }),
    right: modelWith({ forward: "return merge_heads(split_heads(x, heads))" }),
    set: { heads: "-2" },
    rightSet: { heads: "2" },
  },
  {
    code: "LLM0305",
    title: "a size of -1 in a list of sizes",
    wrong: modelWith({ forward: "return reshape(x, [B, T, -1])" }),
    right: modelWith({ forward: "return reshape(x, [B, T, dim])" }),
  },
  {
    code: "LLM0305",
    title: "a context of no positions",
    wrong: modelWith({ config: "dim: int = 8, context: int = 0", forward: "return x" }),
    right: modelWith({ config: "dim: int = 8, context: int = 1", forward: "return x" }),
  },
  {
    code: "LLM0315",
    title: "an end-of-text token beyond the vocabulary; a negative one means none",
    wrong: modelWith({ config: "dim: int = 8, eos: int = 8", forward: "return x" }),
    right: modelWith({ config: "dim: int = 8, eos: int = -1", forward: "return x" }),
  },
  {
    code: "LLM0315",
    title: "one of several that is set from outside",
    wrong: modelWith({ config: "dim: int = 8, eos: int[] = []", forward: "return x" }),
    right: modelWith({ config: "dim: int = 8, eos: int[] = []", forward: "return x" }),
    set: { eos: "2,9" },
    rightSet: { eos: "2,7" },
  },
  ...scans([
    ["a scan that returns no result", ") over T with x { return h + x }", ") over T with x { return (h + x, h) }"],
    [
      "a scan over an input without the axis",
      ") over T with x, w = mean(x, axis: 1) { return (h + x, h + w) }",
      ") over T with x, w = x * x { return (h + x, h + w) }",
    ],
    [
      "a scan whose state changes its type",
      ") over T with x { return (sum(h + x, axis: -1), h) }",
      ") over T with x { return (h + sum(h + x, axis: -1, keep: true), h) }",
    ],
    [
      "a scan whose start is of another size",
      " = x) over T with x { return (h + x, h) }",
      " = mean(x, axis: 1)) over T with x { return (h + x, h) }",
    ],
  ]),
  {
    code: "LLM0306",
    title: "division by zero heads",
    wrong: modelWith({ body: "  let head = dim / heads", forward: "return x * head" }),
    right: modelWith({ body: "  let head = dim / heads", forward: "return x * head" }),
    set: { heads: "0" },
    rightSet: { heads: "1" },
  },
  {
    code: "LLM0307",
    title: "a product beyond 2^53",
    wrong: modelWith({
      config: "dim: int = 8, big: int = 2000000000",
      body: "  let n = big * big",
      forward: "return x * n",
    }),
    right: modelWith({
      config: "dim: int = 8, big: int = 2000000000",
      body: "  let n = big * 1",
      forward: "return x * n",
    }),
  },
  {
    code: "LLM0308",
    title: "no such model",
    wrong: modelWith({ forward: "return x" }),
    right: modelWith({ forward: "return x" }),
    model: "Tyni",
  },
  {
    code: "LLM0234",
    title: "fewer names than the list has items",
    wrong: modelWith({ forward: "let (a, b) = split(concat(x, x, x, axis: -1), 3)\n    return a + b" }),
    right: modelWith({ forward: "let (a, b, c) = split(concat(x, x, x, axis: -1), 3)\n    return a + b + c" }),
  },
  {
    code: "LLM0234",
    title: "names in parentheses for one tensor",
    wrong: modelWith({ forward: "let (a, b) = x + x\n    return a + b" }),
    right: modelWith({ forward: "let (a, b) = [x + x, x]\n    return a + b" }),
  },
  {
    code: "LLM0202",
    title: "a name twice in a list of names",
    wrong: modelWith({ forward: "let (a, a) = [x, x]\n    return a" }),
    right: modelWith({ forward: "let (a, _b) = [x, x]\n    return a" }),
  },
  {
    code: "LLM0203",
    title: "a split that does not come out even",
    wrong: modelWith({ forward: "let (a, b, c) = split(x, 3)\n    return a + b + c" }),
    right: modelWith({ forward: "let (a, b, c) = split(x, sizes: [4, 2, 2])\n    return concat(a, b, c, axis: -1)" }),
  },
  {
    code: "LLM0203",
    title: "a split into sizes that are not those of the axis",
    wrong: modelWith({ forward: "let (a, b) = split(x, sizes: [4, 3])\n    return concat(a, b, axis: -1)" }),
    right: modelWith({ forward: "let (a, b) = split(x, sizes: [4, dim - 4])\n    return concat(a, b, axis: -1)" }),
  },
  {
    code: "LLM0203",
    title: "a split into both parts and sizes",
    wrong: modelWith({ forward: "return concat(split(x, 2, sizes: [4, 4])[0], x[..., 0:4], axis: -1)" }),
    right: modelWith({ forward: "return concat(split(x, 2)[0], x[..., 0:4], axis: -1)" }),
  },
  {
    code: "LLM0203",
    title: "a convolution of other channels",
    wrong: convolved("param weight: f[3, 4, 2, 2]", "weight, stride: 2"),
    right: convolved("param weight: f[3, 1, 2, 2]", "weight, stride: 2"),
  },
  {
    code: "LLM0203",
    title: "a convolution with a stride of nothing",
    wrong: convolved("param weight: f[3, 1, 2, 2]", "weight, stride: [2, 0]"),
    right: convolved("param weight: f[3, 1, 2, 2]", "weight, stride: [2, 1]"),
  },
  {
    code: "LLM0203",
    title: "a convolution whose kernel is larger than the image",
    wrong: convolved("param weight: f[3, 1, 9, 2]", "weight, padding: [1, 0]"),
    right: convolved("param weight: f[3, 1, 9, 2]", "weight, padding: [4, 0]"),
  },
  {
    code: "LLM0203",
    title: "groups that the channels do not divide into",
    wrong: modelWith({
      body: "  param weight: f[dim]",
      forward: "return reshape(group_norm(reshape(x, [B * T, dim]), weight, groups: 3), [B, T, dim])",
    }),
    right: modelWith({
      body: "  param weight: f[dim]",
      forward: "return reshape(group_norm(reshape(x, [B * T, dim]), weight, groups: 4), [B, T, dim])",
    }),
  },
  {
    code: "LLM0203",
    title: "an index of other sizes",
    wrong: modelWith({ forward: "return gather(x, argmax(x), axis: -1)" }),
    right: modelWith({ forward: "return x + gather(x, reshape(argmax(x), [B, T, 1]), axis: -1)" }),
  },
  {
    code: "LLM0203",
    title: "lengths that are not one for each bag",
    wrong: modelWith({
      body: "  param table: f[9, dim]",
      forward: "return x + embedding_bag(table, reshape(iota(12), [3, 4]), iota(4))[0]",
    }),
    right: modelWith({
      body: "  param table: f[9, dim]",
      forward: "return x + embedding_bag(table, reshape(iota(12), [3, 4]), iota(3))[0]",
    }),
  },
  {
    code: "LLM0203",
    title: "a dropout of everything",
    wrong: modelWith({ forward: "return dropout(x, 1.0, seed: 7)" }),
    right: modelWith({ forward: "return dropout(x, 0.9, seed: 7)" }),
  },
  {
    code: "LLM0226",
    title: "a dropout of less than nothing",
    wrong: modelWith({ forward: "return dropout(x, -0.1, seed: 7)" }),
    right: modelWith({ forward: "return dropout(x, 0.0, seed: 7)" }),
  },
  {
    code: "LLM0203",
    title: "a remainder of floats",
    wrong: modelWith({ forward: "return x % 2" }),
    right: modelWith({ forward: "return x * cast(reshape(iota(T) % 2, [T, 1]), f32)" }),
  },
];
