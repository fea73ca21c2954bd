/**
 * Tokens of a llama in jax-js, by the maths of `examples/llama/llama.llm`: a `jit` a layer, a cache of fixed length that a
 * mask writes to, weights in f16 cast where they are used. Greedy; the next token is read back, as it feeds the next step.
 */
import { defined } from "../../src/support/errors.ts";

export interface Geometry {
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly groups: number;
  readonly theta: number;
  readonly eps: number;
}

type Jax = typeof import("@jax-js/jax");
type Matrix = ReturnType<Jax["numpy"]["array"]>;

export interface JaxLlama {
  /** Feeds the prompt, then what it says itself; the tokens that it says. */
  generate(prompt: readonly number[], tokens: number): Promise<readonly number[]>;
  /** Seconds of each token of the last generation, behind the prompt. */
  readonly seconds: number;
}

/** `weight`: the elements of a tensor of the checkpoint, and its shape. */
export async function jaxLlama(
  geometry: Geometry,
  context: number,
  dtype: "float16" | "float32",
  weight: (path: string) => { readonly data: Float32Array<ArrayBuffer>; readonly shape: number[] },
): Promise<JaxLlama> {
  const jax: Jax = await import("@jax-js/jax");
  await jax.init("webgpu");
  jax.defaultDevice("webgpu");
  const { numpy: np, nn } = jax;
  const { dim, depth, heads, groups, theta, eps } = geometry;
  const head = dim / heads;
  const each = heads / groups;
  const load = (path: string): Matrix => {
    const { data, shape } = weight(`model.${path}.weight`);
    const whole = np.array(data, { shape });
    return dtype === "float16" ? whole.astype(np.float16) : whole;
  };
  const layers = Array.from(
    { length: depth },
    (_, i) =>
    ["input_layernorm", ...["q", "k", "v", "o"].map((name) => `self_attn.${name}_proj`), "post_attention_layernorm", ...["gate", "up", "down"].map((name) => `mlp.${name}_proj`)].map((name) => load(`layers.${i}.${name}`)), // prettier-ignore
  );
  const [embedding, last] = [load("embed_tokens"), load("norm")];

  // Each use of an array takes it; `.ref` is one more.
  const linear = (x: Matrix, w: Matrix): Matrix => np.matmul(x, np.transpose(w.astype(np.float32)));
  const norm = (x: Matrix, w: Matrix): Matrix => {
    const mean = np.mean(np.multiply(x.ref, x.ref), -1, { keepdims: true });
    return np.multiply(np.divide(x, np.sqrt(np.add(mean, eps))), w.astype(np.float32));
  };
  const rotated = (x: Matrix, cos: Matrix, sin: Matrix): Matrix => {
    const [low, high] = np.split(x, 2, -1) as [Matrix, Matrix];
    const first = np.subtract(np.multiply(low.ref, cos.ref), np.multiply(high.ref, sin.ref));
    const second = np.add(np.multiply(high, cos), np.multiply(low, sin));
    return np.concatenate([first, second], -1);
  };
  /** `here`: 1 at the position that is written; `hidden`: a large negative number at those not yet written. */
  const layer = jax.jit(
    (x: Matrix, w: Matrix[], k: Matrix, v: Matrix, at: { cos: Matrix; sin: Matrix; here: Matrix; hidden: Matrix }) => {
      const [before, wq, wk, wv, wo, behind, gate, up, down] = w as [Matrix, Matrix, Matrix, Matrix, Matrix, Matrix, Matrix, Matrix, Matrix]; // prettier-ignore
      const normed = norm(x.ref, before);
      const q = rotated(np.reshape(linear(normed.ref, wq), [heads, head]), at.cos.ref, at.sin.ref);
      const newKey = rotated(np.reshape(linear(normed.ref, wk), [groups, 1, head]), at.cos, at.sin);
      const newValue = np.reshape(linear(normed, wv), [groups, 1, head]);
      const keys = np.where(np.greater(at.here.ref, 0.5), newKey, k);
      const values = np.where(np.greater(at.here, 0.5), newValue, v);
      const scores = np.matmul(np.reshape(q, [groups, each, head]), np.transpose(keys.ref, [0, 2, 1]));
      const shares = nn.softmax(np.add(np.multiply(scores, 1 / Math.sqrt(head)), at.hidden), -1);
      const mixed = np.reshape(np.matmul(shares, values.ref), [1, dim]);
      const h = np.add(x, linear(mixed, wo));
      const next = norm(h.ref, behind);
      const out = np.add(h, linear(np.multiply(nn.silu(linear(next.ref, gate)), linear(next, up)), down));
      return [out, keys, values] as [Matrix, Matrix, Matrix];
    },
  );
  const finish = jax.jit((x: Matrix, norms: Matrix, table: Matrix) => np.argmax(linear(norm(x, norms), table), -1));
  const start = jax.jit((token: Matrix, table: Matrix) => np.take(table, token, 0).astype(np.float32));

  const state = { seconds: NaN };
  return {
    get seconds() {
      return state.seconds;
    },
    async generate(prompt, tokens) {
      const zeros = (): Matrix => np.zeros([groups, context, head]);
      let caches = layers.map(() => [zeros(), zeros()] as const);
      const said: number[] = [];
      let began = NaN;
      for (let position = 0; said.length < tokens; position++) {
        const token = defined(prompt[position] ?? said.at(-1), "a token");
        const angles = Array.from({ length: head / 2 }, (_, i) => position * theta ** ((-2 * i) / head));
        const row = (values: readonly number[], shape: number[]): Matrix =>
          np.array(new Float32Array(values), { shape });
        const cos = row(angles.map(Math.cos), [1, head / 2]);
        const sin = row(angles.map(Math.sin), [1, head / 2]);
        const positions = Array.from({ length: context }, (_, s) => s);
        const here = row(positions.map((s) => Number(s === position)), [1, context, 1]); // prettier-ignore
        const hidden = row(positions.map((s) => (s <= position ? 0 : -1e30)), [1, 1, context]); // prettier-ignore
        let x = start(np.array(new Int32Array([token])), embedding.ref);
        caches = layers.map((weights, i) => {
          const [k, v] = defined(caches[i], "a cache");
          const at = { cos: cos.ref, sin: sin.ref, here: here.ref, hidden: hidden.ref };
          const [out, keys, values] = layer(x, weights.map((w) => w.ref), k, v, at); // prettier-ignore
          x = out;
          return [keys, values] as const;
        });
        for (const one of [cos, sin, here, hidden]) one.dispose();
        const best = finish(x, last.ref, embedding.ref);
        const [next] = await best.data();
        if (position >= prompt.length - 1) said.push(Number(next));
        if (said.length === 1 && Number.isNaN(began)) began = performance.now();
      }
      state.seconds = (performance.now() - began) / 1000 / (tokens - 1);
      caches.flat().forEach((cache) => cache.dispose());
      return said;
    },
  };
}
