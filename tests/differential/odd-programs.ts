/**
 * Small programs that are legal and unlike a language model: no parameters, no loop, no tokens, sizes in odd places.
 * Each has a `forward` alone.
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
    name: "attention over another sequence, padded",
    text: model(
      `(x: f[B, T, 8], memory: f[B, 6, 12], lengths: i32[B]) -> f[B, T, 8] {
    let mixed = attention(
      split_heads(q(x), 2), split_heads(k(memory), 2), split_heads(v(memory), 2), mask: full, lengths: lengths,
    )
    return merge_heads(mixed)
  }`,
      "  use q: Linear(8, 8), k: Linear(12, 8), v: Linear(12, 8)",
    ),
  },
  {
    name: "attention with a prefix that rows choose",
    text: model(
      `(x: f[B, T, 8], prefix: i32[B]) -> f[B, T, 8] {
    let h = split_heads(q(x), 2)
    return merge_heads(attention(h, h, h, prefix: prefix, window: 2, softcap: 2.0))
  }`,
      "  use q: Linear(8, 8)",
    ),
  },
  {
    name: "attention with a bias of distances, both ways",
    text: model(
      `(x: f[B, T, 8]) -> f[B, T, 8] {
    let h = split_heads(x, 2)
    let bias = transpose(take(distances, relative_buckets(T, T, 8, 5, true)), [2, 0, 1])
    return merge_heads(attention(h, h, h, mask: full, scale: 1.0, bias: bias))
  }`,
      "  param distances: f[8, 2]",
    ),
  },
  {
    name: "attention with more operands than a small device binds",
    text: model(
      `(x: f[B, T, 8], prefix: i32[B], lengths: i32[B], offset: i32[B], bias: f[2, 1, T]) -> f[B, T, 8] {
    let h = split_heads(x, 2)
    return merge_heads(attention(
      h, h * 0.5, h + 1.0,
      offset: offset, window: 3, lengths: lengths, prefix: prefix,
      bias: bias, slopes: alibi_slopes(2), sinks: sinks, softcap: 4.0,
    ))
  }`,
      "  param sinks: f[2]",
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
  {
    name: "for each token the matrix that it prefers",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 12] {\n    let chosen = argmax(gate(x), axis: 2)\n    let row = reshape(x, [B, T, 1, 8])\n    return reshape(silu(row @ transpose(take(experts.up, chosen))) * (row @ transpose(take(experts.gate, chosen))), [B, T, 12])\n  }",
      "  block Experts(x: f[B, T, 8]) -> f[B, T, 8] {\n    param up: f[5, 12, 8]\n    param gate: f[5, 12, 8]\n    return x + 0.0 * up[0, 0] * gate[0, 0]\n  }\n  use gate: Linear(8, 5), experts: Experts",
    ),
  },
  {
    name: "a router over experts",
    text: model(
      [
        "(x: f[B, T, 12]) -> f[B, T, 12] {",
        "    let p = softmax(x, axis: -1)",
        '    tap "chosen" = topk_indices(p, 2)',
        "    let weights = topk(p, 2)",
        '    tap "weights" = weights / sum(weights, axis: -1, keep: true)',
        "    return scatter_add(p * 0.0, topk_indices(p, 2), weights, axis: 2, batch: 2)\n  }",
      ].join("\n"),
    ),
  },
  {
    name: "the best of a few logits",
    text: model(
      '(x: f[B, T, 5]) -> f[B, T, 2] {\n    tap "where" = topk_indices(x, 2)\n    return softmax(topk(x, 2), axis: -1)\n  }',
    ),
  },
  { name: "the best one", text: model("(x: f[B, T, 9]) -> f[B, T, 1] { return silu(topk(x * 2.0, 1)) }") },
  {
    name: "all of a row by topk, and its maximum",
    text: model(
      '(x: f[B, T, 6]) -> f[B, T, 6] {\n    let p = softmax(x, axis: -1)\n    tap "p" = p\n    return topk(p, 6) + topk(x, 6)\n  }',
    ),
  },
  { name: "topk of rows", text: model("(x: f[4, T, 8]) -> f[2, T, 8] { return topk(exp(x), 2, axis: 0) }") },
  { name: "topk of one axis", text: model("(x: f[20]) -> f[3] { return topk(x, 3) * reduce_max(x, axis: 0) }") },
  { name: "sorted tokens", text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return sort(x + x, axis: 1) }") },
  { name: "sorted channels", text: model("(x: f[B, T, 9]) -> f[B, T, 9] { return sort(x, descending: true) - x }") },
  { name: "the rank of each token", text: model("(x: f[B, T]) -> i32[B, T] { return argsort(argsort(x)) }") },
  {
    name: "running sums over tokens, with what is before and behind",
    text: model("(x: f[B, T, 8]) -> f[B, T, 8] { return silu(cumsum(x * x, axis: 1)) + x }"),
  },
  {
    name: "running sums over channels from the end",
    text: model(
      '(x: f[B, T, 13]) -> f[B, T, 13] {\n    let s = cumsum(x, exclusive: true, reverse: true)\n    tap "sum" = s\n    return s / (1.0 + cumsum(x * x))\n  }',
    ),
  },
  {
    name: "how often each word occurs",
    text: model("(x: i32[B, T]) -> i32[7] { return scatter_add(iota(7) * 0, x, x * 0 + 1) }"),
  },
  {
    name: "the vectors of each word added up",
    text: model(
      '(x: i32[B, T], y: f[B, T, 8]) -> f[7, 8] {\n    let sums = scatter_add(w.weight, x, y * 2.0)\n    tap "moved" = scatter_add(y * 0.0, x, y, axis: 1, batch: 1)\n    return silu(sums)\n  }',
      "  use w: Linear(8, 7)",
    ),
  },
  {
    name: "a scan whose step sorts, sums along and chooses",
    text: model(
      "(x: f[B, T, 6]) -> f[B, T, 6] {\n    let y = scan(h: f[B, 6]) over T with x {\n      let best = sum(topk(h + x, 2), axis: -1, keep: true)\n      return (sort(h * 0.5 + x) - best, cumsum(h, reverse: true) + sort(x, descending: true))\n    }\n    return y\n  }",
    ),
  },
  {
    name: "a scan whose step rotates, and reads tables",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let y = scan(h: f[B, 8]) over T with x {\n      let turned = reshape(rope(reshape(h, [B, 2, 4]), 100.0), [B, 8])\n      let slopes = reshape(concat(alibi_slopes(4), alibi_slopes(4), axis: 0), [1, 8])\n      let buckets = cast(relative_buckets(8, 8, 4, 8, bidirectional: true), f32)[1]\n      return (0.5 * turned + x * slopes, h + buckets)\n    }\n    return y\n  }",
    ),
  },
  {
    name: "a scan whose step looks up by its state, and attends",
    text: model(
      "(x: f[B, T, 8]) -> f[B, T, 8] {\n    let y = scan(h: f[B, 8]) over T with x {\n      let word = argmax(h + x)\n      let a = split_heads(reshape(h, [B, 2, 4]), 2)\n      return (0.5 * h + embedding(words, word) * merge_heads(attention(a, a, a, mask: full))[:, 0, 0:1], x + take(words, word))\n    }\n    return y\n  }",
      "  param words: f[8, 8]",
    ),
  },
  {
    name: "a scan of yes and no",
    text: model(
      "(x: f[B, T, 5]) -> f[B, T, 5] {\n    let y = scan(seen: bool[B, 5], odd: bool[B, 5] = true) over T with x {\n      let now = seen || x > 0.8\n      return (now, now != odd, select(odd, x, -x) + select(seen, 1.0, 0.0))\n    }\n    return y\n  }",
    ),
  },
  {
    name: "scans whose state all rows share",
    text: model(
      "(x: f[B, T, 5]) -> f[B, T, 5] {\n    let y = scan(h: f[1, 5]) over T with x {\n      let next = 0.5 * h + mean(x, axis: 0, keep: true)\n      return (next, x + next)\n    }\n    let z = scan(h: f[]) over T with x {\n      let next = 0.5 * h + sum(sum(x, axis: 1), axis: 0)\n      return (next, x * next)\n    }\n    return y + z\n  }",
    ),
  },
  {
    name: "a scan of matrices that its steps mix along the first axis",
    text: model(
      "(k: f[B, T, 2, 36], v: f[B, T, 2, 36]) -> f[B, T, 2, 36] {\n    let y = scan(s: f[B, 2, 36, 36]) over T with k, v {\n      let old = sum(reshape(k, [B, 2, 36, 1]) * s, axis: 2)\n      let next = s + 0.1 * reshape(k, [B, 2, 36, 1]) * reshape(v - 0.1 * old, [B, 2, 1, 36])\n      return (next, sum(reshape(k, [B, 2, 36, 1]) * next, axis: 2))\n    }\n    return y\n  }",
    ),
  },
  {
    name: "a scan of states that lie in three orders",
    text: model(
      "(x: f[B, T, 3, 4]) -> f[B, T, 4, 3] {\n    let (y, z) = scan(h: f[B, 3, 4], s: f[B, 3, 4, 4], p: f[B, 4, 3]) over T with x {\n      let old = sum(reshape(x, [B, 3, 4, 1]) * s, axis: 2)\n      let next = 0.9 * s + reshape(x, [B, 3, 4, 1]) * reshape(0.1 * x - 0.1 * old, [B, 3, 1, 4])\n      return (tanh(h @ w + x), next, transpose(x), transpose(old) + p, transpose(h))\n    }\n    return y + z\n  }",
      "  param w: f[4, 4]",
    ),
  },
  {
    name: "a scan in the step of a scan, and one over channels in front",
    text: model(
      "(x: f[B, T, 6]) -> f[B, T, 6] {\n    let before = scan(g: f[B, T]) over 6 with x { return (0.5 * g + x, g) }\n    let y = scan(h: f[B, 6]) over T with x, before {\n      let table = scan(g: f[6]) over 4 with w { return (0.5 * g + w, g) }\n      return (0.5 * h + before * sum(table, axis: 0), h + x)\n    }\n    return y\n  }",
      "  param w: f[4, 6]",
    ),
  },
];
