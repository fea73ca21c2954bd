/** One file that uses every construct of the language, laid out as `llmc fmt` lays it out. */
export const SAMPLE = `/// Every construct once.
/// Two lines of documentation.
model Sample(
  vocab: int = 49152,
  dim: int = 576,
  depth: int = 4,
  heads: int = 9,
  theta: float = 1e5, // radians
  windows: int[] = [1, 2, 3, 4],
  flags: bool[] = [true, false],
  tied: bool = true,
  kind: text = "a\\"b",
) {
  require dim % heads == 0, "heads must divide dim"
  require heads >= 1 && (heads <= dim || !tied)
  let head = dim / heads

  /// Attention with a window.
  block Attention(window: int)(x: f[B, T, dim]) -> f[B, T, dim] {
    use q_proj: Linear(dim, heads * head), k_proj: Linear(dim, dim, bias: true)
    param scale: f[dim]
    let q = rope(split_heads(q_proj(x), heads), theta)
    let k = k_proj(x)[..., 0:dim]
    let (left, right) = split(x, 2)
    let (whole) = split(left, 1)
    let first = x[0, :, dim - 1:]
    tap "attention.q" = q
    if window > 2 {
      return merge_heads(attention(q, k, k, mask: causal, window: window)) * scale
    } else if tied {
      return -x @ transpose(scale)
    } else {
      return (x + first) * 0.5
    }
  }

  block Layer(window: int)(x: f[..., dim]) -> f[..., dim] {
    use attn: Attention(window)
    // The residual stream.
    return x + attn(x)
  }

  use model.embed_tokens: Embedding(vocab, dim)
  use model.layers: Layer(window: windows[i]) for i in 0..depth
  use model.others: Layer(8)[depth]
  if !tied {
    use lm_head: Linear(dim, vocab)
  }

  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
    let h = repeat(model.others, repeat(model.layers, model.embed_tokens(tokens)))
    let y = if tied { h @ transpose(model.embed_tokens.weight) } else { lm_head(h) }
    return y
  }

  weights {
    rename "h.{i}.attn" = "model.layers.{i}.attn"
    optional_prefix "transformer."
    ignore "**.attn.bias"
    tied "lm_head.weight" = "model.embed_tokens.weight"
    stack experts.up[e] = "experts.{e}.w1.weight"
  }
}

fn twice(x: f[..., C], factor: float, table: f32[2], ids: int[]) -> f[..., C] {
  return x * factor
}

train Pretrain(Sample) {
  loss: cross_entropy(next_token)
  optimizer: adamw(lr: cosine(3e-4, warmup: 200, steps: 20_000), betas: (0.9, 0.95), decay: 0.1)
  clip: 1.0
}

adapt Chat(Sample) {
  lora(rank: 16, alpha: 32) on "**.{q_proj,v_proj}"
}
`;
