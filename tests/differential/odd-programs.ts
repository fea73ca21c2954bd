/**
 * Small programs that are legal and unlike a language model: no parameters, no loop, no tokens, sizes in odd places.
 * Each is a `forward` over one input.
 */

export interface OddProgram {
  readonly name: string;
  readonly text: string;
}

const model = (forward: string, body = ""): string => `model Odd() {\n${body}\n  forward${forward}\n}\n`;

/** Ops as the language writes them: what a sample of the record does not show. */
const NEW_FORMS: readonly OddProgram[] = [
  {
    name: "parts of a list",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let (a, b) = split(x, sizes: [5, 3])\n    let parts = split(a, 5)\n    return concat(b, parts[4], a[..., 1:4], parts[0], axis: -1)\n  }",
    ),
  },
  {
    name: "tokens in reverse",
    text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return flip(x, axis: 1) - flip(x, axis: -1) }"),
  },
  {
    name: "the larger half of the channels",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 4] {\n    let (a, b) = split(x, 2)\n    return gather(x, cast(select(a > b, 0.0 * a, 0.0 * a + 4.0), i32) + iota(4))\n  }",
    ),
  },
  {
    name: "bags of tokens",
    text: model(
      "(x: i32[B, T]) -> f[B, 8] { return embedding_bag(table, x % 9, bit_and(sum(x, axis: 1), 3)) }",
      "  param table: f[9, 8]",
    ),
  },
  {
    name: "bits of integers",
    text: model(
      "(x: i32[B, T]) -> i32[B, T] { return bit_xor(shift_left(x, 3), bit_not(shift_right(x, 1))) + bit_or(x, 5) - rem(x, 7) / (x % 3) }",
    ),
  },
  {
    name: "softplus after relu_squared",
    text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return softplus(relu_squared(x)) * quick_gelu(x) }"),
  },
  {
    name: "dropout",
    text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return dropout(dropout(x, 0.5, seed: 7), 0.25, seed: 7, stream: 1) }"),
  },
  {
    name: "dropout of channels before tokens",
    text: model("(x: f[B, T, 8]) -> f[B, 8, T] { return dropout(transpose(x), 0.5, seed: 1) }"),
  },
  {
    name: "dropout of one number",
    text: model("(x: f[B, 8]) -> f[] { return dropout(mean(mean(x, axis: 1), axis: 0), 0.5, seed: 1) }"),
  },
  {
    name: "dropout of layers by a stream each",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] { return repeat(layers, x) }",
      "  block Layer(index: int)(x: f[B, T, 8]) -> f[B, T, 8] {\n    use up: Linear(8, 8)\n    return x + dropout(up(x), 0.25, seed: 7, stream: index)\n  }\n  use layers: Layer(index: i) for i in 0..3",
    ),
  },
  {
    name: "normals added to tokens",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] { return x + random_normal(cast(iota(8), u32), 5, 0, cast(reshape(iota(T), [T, 1]), u32)) }",
    ),
  },
  {
    name: "numbers drawn from numbers",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let s = cast(0 - 6, u32)\n    return x * random_uniform(s, s, s, s) + cast(shift_left(s, s) % 9, f32)\n  }",
    ),
  },
  {
    name: "patches of an image",
    text: model(
      "(x: f[B, 16, 12]) -> f[B, 6, 5] {\n    let image = reshape(x, [B, 2, 8, 12])\n    return transpose(reshape(conv2d(image, w, bias, stride: 4), [B, 5, 6]))\n  }",
      "  param w: f[5, 2, 4, 4]\n  param bias: f[5]",
    ),
  },
  {
    name: "blocks of the standard library for images",
    text: model(
      "(x: f[B, 18, 12]) -> f[B, 6, 2, 3] {\n    let h = patch(reshape(x, [B, 3, 6, 12]))\n    return down(h) + mix(norm(h))[..., 0:2, 0:3]\n  }",
      "  use patch: Conv2d(3, 6, 2, stride: 2), norm: GroupNorm(3, 6)\n  use mix: Conv2d(6, 6, 3, padding: 1, groups: 6, bias: false), down: Conv2d(6, 6, 1, stride: 2)",
    ),
  },
  {
    name: "a convolution of channels one by one",
    text: model(
      "(x: f[B, 4, 35]) -> f[B, 4, 5, 7] {\n    let image = group_norm(reshape(x, [B, 4, 5, 7]), gain, groups: 2)\n    return conv2d(image, w, padding: 1, groups: 4) + image\n  }",
      "  param w: f[4, 1, 3, 3]\n  param gain: f[4]",
    ),
  },
  {
    name: "a convolution over tokens",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let image = conv2d(reshape(x, [B, 1, T, 8]), w, padding: [2, 1], dilation: [2, 1])\n    return reshape(image, [B, T, 8])\n  }",
      "  param w: f[1, 1, 3, 3]",
    ),
  },
  {
    name: "group_norm over tokens",
    text: model(
      "(x: f[B, T, 8]) -> f[B, 8, T] { return group_norm(transpose(x), gain, groups: 4) }",
      "  param gain: f[8]",
    ),
  },
];

export const ODD_PROGRAMS: readonly OddProgram[] = [
  { name: "no parameters", text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return x * x + silu(x) }") },
  { name: "the input itself", text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return x }") },
  { name: "a constant", text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return x * 0.0 + 1.0 }") },
  { name: "a parameter itself", text: model("(x: f[B, 8]) -> f[4, 8] { return w.weight }", "  use w: Linear(8, 4)") },
  { name: "positions only", text: model("(x: f[B, T, 8]) -> i32[T] { return iota(T) }") },
  {
    name: "two results",
    text: model('(x: f[B, T, 8]) -> f[B, T, 8] {\n    tap "square" = x * x\n    return x + x\n  }'),
  },
  { name: "two results from one value", text: model('(x: f[B, T, 8]) -> f[B, T, 8] {\n    let y = exp(x)\n    tap "again" = y\n    return y\n  }') }, // prettier-ignore
  { name: "rows without tokens", text: model("(x: f[B, 8]) -> f[B, 4] { return w(x) }", "  use w: Linear(8, 4)") },
  { name: "one number", text: model("(x: f[B, 8]) -> f[] { return mean(mean(x, axis: 1), axis: 0) }") },
  { name: "a product of tokens with tokens", text: model("(x: f[B, T, 8]) -> f[B, T, T] { return x @ transpose(x) }") },
  { name: "one weight twice", text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return w(w(x)) }", "  use w: Linear(8, 8)") }, // prettier-ignore
  { name: "a mean over tokens", text: model("(x: f[B, T, 8]) -> f[B, 8] { return mean(x, axis: 1) }") },
  { name: "a mean over rows", text: model("(x: f[B, T, 8]) -> f[T, 8] { return mean(x, axis: 0) }") },
  { name: "softmax over tokens", text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return softmax(x, axis: 1) }") },
  { name: "integers out", text: model("(x: f[B, T, 8]) -> i32[B, T] { return argmax(x, axis: 2) }") },
  { name: "integers in and out", text: model("(x: i32[B, T]) -> i32[B, T] { return x + x * x }") },
  { name: "conditions out", text: model("(x: f[B, T, 8]) -> bool[B, T, 8] { return x > 0.0 }") },
  { name: "joined channels", text: model("(x: f[B, T, 8]) -> f[B, T, 16] { return concat(x, x * x, axis: 2) }") },
  {
    name: "a convolution of two tokens by slices",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let before = slice(pad(x, axis: 1, before: 1, after: 0), axis: 1, start: 0, end: T)\n    return now(x) + past(before)\n  }",
      "  use now: Linear(8, 8), past: Linear(8, 8)",
    ),
  },
  {
    name: "attention without a mask",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let h = split_heads(q(x), 2)\n    return merge_heads(attention(h, h, h, mask: full))\n  }",
      "  use q: Linear(8, 8)",
    ),
  },
  {
    name: "layers whose inputs are results",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] { return repeat(layers, x) }",
      "  block Layer(x: f[B, T, 8]) -> f[B, T, 8] {\n    use w: Linear(8, 8)\n    return x + gelu(w(x))\n  }\n  use layers: Layer[3]",
    ),
  },
  ...NEW_FORMS,
];
