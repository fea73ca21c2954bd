/**
 * Small programs that are legal and unlike a language model: no parameters, no loop, no tokens, sizes in odd places.
 * Each is a `forward` over one input.
 */

export interface OddProgram {
  readonly name: string;
  readonly text: string;
}

const model = (forward: string, body = ""): string => `model Odd() {\n${body}\n  forward${forward}\n}\n`;

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
  {
    name: "a scan with state of one number a channel",
    text: model(
      "(x: f[B, T, 6]) -> f[B, T, 6] {\n    let g = gate(x)\n    let y = scan(h: f[B, 6]) over T with x, a = sigmoid(g) {\n      let next = a * h + x\n      return (next, next * next)\n    }\n    return y\n  }",
      "  use gate: Linear(6, 6)",
    ),
  },
  {
    name: "a scan with state behind each channel, and what the state does not touch",
    text: model(
      "(x: f[B, T, 6]) -> f[B, T, 6] {\n    let d = -exp(decay.weight)\n    let k = key(x)\n    let q = query(x)\n    let y = scan(h: f[B, 6, 3] = 0.5) over T with x, k, q {\n      let next = exp(d) * h + reshape(x, [B, 6, 1]) * reshape(softmax(k), [B, 1, 3])\n      return (next, sum(next * reshape(q, [B, 1, 3]), axis: -1))\n    }\n    return y\n  }",
      "  use key: Linear(6, 3), query: Linear(6, 3), decay: Linear(3, 6)",
    ),
  },
  {
    name: "a scan of a matrix, which turns in every step",
    text: model(
      "(x: f[B, T, 4]) -> f[B, T, 4] {\n    let y = scan(m: f[B, 4, 4] = start.weight, c: f[B, 4, 1]) over T with x {\n      let turned = (m @ m) / (1.0 + abs(m @ transpose(m))) + reshape(x, [B, 1, 4])\n      let count = c + sum(m * m, axis: -1, keep: true)\n      return (turned, count, reshape(c, [B, 4]) + mean(m, axis: 1))\n    }\n    return y\n  }",
      "  use start: Linear(4, 4)",
    ),
  },
  {
    name: "a scan of integers, of states that change places, over rows",
    text: model(
      "(x: i32[B, T]) -> i32[B, T] {\n    let y = scan(a: i32[T] = 1, b: i32[T]) over B with x {\n      return (b, a + x, a * b + x)\n    }\n    return y\n  }",
    ),
  },
  {
    name: "a scan along the second axis of three, with a result of more channels than state",
    text: model(
      "(x: f[B, T, 4]) -> f[B, T, 4, 2] {\n    let y = scan(h: f[B, 4]) over T with x {\n      let next = max(h, x)\n      return (next, concat(reshape(next, [B, 4, 1]), reshape(h, [B, 4, 1]), axis: 2))\n    }\n    return y\n  }",
    ),
  },
];
