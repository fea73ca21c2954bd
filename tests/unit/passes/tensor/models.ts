/** Small models of the llama and gpt2 families as tensor IR, made with the builder, and their random weights. */
import type { Attrs, Func, Module, Op, Tensor, Value } from "../../../../src/ir/index.ts";
import { Builder, tensorType, value, walk } from "../../../../src/ir/index.ts";
import { resolvePath } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import { Dim } from "../../../../src/support/dim.ts";
import { Rng } from "../../../../src/support/random.ts";

export const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
export const VOCAB = 11;
const DIM = 8;
const HEADS = 4;
const HEAD = 2;
const FFN = 12;
const LAYERS = 2;
const CONTEXT = 48;

/** Operands of attention behind `lengths`, and its soft cap. */
export interface Scores {
  readonly prefix?: Value;
  readonly bias?: Value;
  readonly slopes?: Value;
  readonly sinks?: Value;
  readonly softcap?: number;
}

/** What a test may change in a model. */
export interface Options {
  readonly mask?: "causal" | "full";
  readonly window?: number;
  /** Whether rotary pairs are neighbours. */
  readonly interleaved?: boolean;
  /** More operands and attributes of each attention; `weight` makes a parameter of the layer. */
  readonly scores?: (b: Builder, weight: (path: string, dims: readonly number[]) => Value) => Scores;
  /** Storage type of the weights. */
  readonly storage?: "f32" | "f16";
  /** Emitted behind the layers: takes and gives f32[B, T, 8]. */
  readonly extra?: (b: Builder, x: Value) => Value;
}

export function moduleOf(name: string, forward: Func): Module {
  return { name, funcs: [forward] };
}

function funcOf(b: Builder, tokens: Value, logits: Value): Func {
  return {
    name: "forward",
    args: [{ name: "tokens", mode: "in", value: tokens }],
    results: [{ name: "logits" }],
    body: b.block([tokens], [logits]),
  };
}

class Layers {
  constructor(
    readonly b: Builder,
    readonly options: Options,
  ) {}

  weight(path: string, dims: readonly number[]): Value {
    const stored = this.b.param(path, tensorType(this.options.storage ?? "f32", dims));
    return this.options.storage === "f16" ? this.b.emit("cast", [stored], { dtype: "f32" }) : stored;
  }

  linear(x: Value, path: string, from: number, to: number): Value {
    return this.b.emit("matmul", [x, this.weight(`${path}.weight`, [to, from])], { transpose_b: true });
  }

  heads(x: Value, count: number): Value {
    const split = this.b.emit("reshape", [x], { shape: [B, T, count, HEAD] });
    return this.b.emit("transpose", [split], { perm: [0, 2, 1, 3] });
  }

  merge(x: Value): Value {
    const moved = this.b.emit("transpose", [x], { perm: [0, 2, 1, 3] });
    return this.b.emit("reshape", [moved], { shape: [B, T, DIM] });
  }

  attend(q: Value, k: Value, v: Value): Value {
    const { window, mask } = this.options;
    const scores = this.options.scores?.(this.b, (path, dims) => this.weight(`layers.{i}.${path}`, dims)) ?? {};
    const attrs: Attrs = { mask: mask ?? "causal", scale: 1 / Math.sqrt(HEAD), softcap: scores.softcap ?? 0 };
    const literal = { kind: "literal", dtype: "i32", dims: [], data: [window ?? 0] } as const;
    const limit = window === undefined ? null : this.b.emit("constant", [], { value: literal });
    const { prefix = null, bias = null, slopes = null, sinks = null } = scores;
    return this.b.emit("attention", [q, k, v, null, limit, null, prefix, bias, slopes, sinks], attrs);
  }
}

/** A loop over layers with one carried value. */
function repeat(b: Builder, x: Value, body: (inner: Builder, h: Value) => Value): Value {
  const inner = b.nested();
  const h = value(x.type, "h");
  const block = inner.block([h], [body(inner, h)]);
  const made = value(x.type, "h");
  const full = inner.block([h], block.yields);
  b.push({
    name: "repeat",
    operands: [x],
    attrs: { index: "i", count: LAYERS, carries: 1 },
    results: [made],
    regions: [full],
  });
  return made;
}

/** Grouped heads, rotary positions, rms_norm, gated mlp, tied head. */
export function llama(options: Options = {}): Module {
  const b = new Builder(OPS);
  const tokens = value(tensorType("i32", [B, T]), "tokens");
  const outer = new Layers(b, options);
  const table = outer.weight("embed.weight", [VOCAB, DIM]);
  const x = b.emit("take", [table, tokens], { axis: 0, batch: 0 });
  const positions = b.emit("iota", [], { shape: [T], axis: 0 });
  const frequencies = [1];
  const h = repeat(b, x, (inner, before) => {
    const at = new Layers(inner, options);
    const norm = (y: Value, path: string): Value =>
      inner.emit("rms_norm", [y, at.weight(`layers.{i}.${path}.weight`, [DIM])], { eps: 1e-5 });
    const n = norm(before, "norm1");
    const rope = (y: Value): Value =>
      inner.emit("rope", [y, positions], { frequencies, interleaved: options.interleaved ?? false });
    const q = rope(at.heads(at.linear(n, "layers.{i}.q", DIM, HEADS * HEAD), HEADS));
    const k = rope(at.heads(at.linear(n, "layers.{i}.k", DIM, 2 * HEAD), 2));
    const v = at.heads(at.linear(n, "layers.{i}.v", DIM, 2 * HEAD), 2);
    const attended = at.linear(at.merge(at.attend(q, k, v)), "layers.{i}.o", DIM, DIM);
    const middle = inner.emit("add", [before, attended]);
    const m = norm(middle, "norm2");
    const gate = inner.emit("silu", [at.linear(m, "layers.{i}.gate", DIM, FFN)]);
    const gated = inner.emit("mul", [gate, at.linear(m, "layers.{i}.up", DIM, FFN)]);
    return inner.emit("add", [middle, at.linear(gated, "layers.{i}.down", FFN, DIM)]);
  });
  const extra = options.extra?.(b, h) ?? h;
  const last = b.emit("rms_norm", [extra, outer.weight("norm.weight", [DIM])], { eps: 1e-5 });
  const logits = b.emit("matmul", [last, table], { transpose_b: true });
  return moduleOf("llama", funcOf(b, tokens, logits));
}

/** Learned positions, layer_norm with bias, one product for q, k and v, gelu. */
export function gpt2(options: Options = {}): Module {
  const b = new Builder(OPS);
  const tokens = value(tensorType("i32", [B, T]), "tokens");
  const outer = new Layers(b, options);
  const table = outer.weight("wte.weight", [VOCAB, DIM]);
  const positions = b.emit("iota", [], { shape: [T], axis: 0 });
  const learned = b.emit("take", [outer.weight("wpe.weight", [CONTEXT, DIM]), positions], { axis: 0, batch: 0 });
  const x = b.emit("add", [b.emit("take", [table, tokens], { axis: 0, batch: 0 }), learned]);
  const h = repeat(b, x, (inner, before) => {
    const at = new Layers(inner, options);
    const norm = (y: Value, path: string): Value =>
      inner.emit("layer_norm", [y, at.weight(`h.{i}.${path}.weight`, [DIM]), at.weight(`h.{i}.${path}.bias`, [DIM])], {
        eps: 1e-5,
      });
    const linear = (y: Value, path: string, from: number, to: number): Value => {
      const product = inner.emit("matmul", [y, at.weight(`h.{i}.${path}.weight`, [from, to])]);
      return inner.emit("add", [product, at.weight(`h.{i}.${path}.bias`, [to])]);
    };
    const qkv = linear(norm(before, "ln_1"), "c_attn", DIM, 3 * DIM);
    const part = (i: number): Value =>
      at.heads(inner.emit("slice", [qkv], { axis: 2, start: i * DIM, end: (i + 1) * DIM }), HEADS);
    const attended = linear(at.merge(at.attend(part(0), part(1), part(2))), "c_proj", DIM, DIM);
    const middle = inner.emit("add", [before, attended]);
    const up = inner.emit("gelu_tanh", [linear(norm(middle, "ln_2"), "c_fc", DIM, FFN)]);
    return inner.emit("add", [middle, linear(up, "mlp_proj", FFN, DIM)]);
  });
  const extra = options.extra?.(b, h) ?? h;
  const last = b.emit("layer_norm", [extra, outer.weight("ln_f.weight", [DIM]), outer.weight("ln_f.bias", [DIM])], {
    eps: 1e-5,
  });
  return moduleOf("gpt2", funcOf(b, tokens, b.emit("matmul", [last, table], { transpose_b: true })));
}

/** Random weights for every parameter of a module, by resolved path. */
export function weightsOf(module: Module, seed = 1): (path: string) => Tensor {
  const made = new Map<string, Tensor>();
  const rng = new Rng(seed);
  for (const func of module.funcs)
    walk(func.body, (op: Op) => {
      if (op.name !== "param") return;
      const type = (op.results[0] as Value).type;
      const dims = type.dims.map((dim) => dim.evaluate({}));
      for (let i = 0; i < LAYERS; i++) {
        const path = resolvePath(String(op.attrs["path"]), { i });
        const size = dims.reduce((all, n) => all * n, 1);
        // Multiples of 1/64 are exact in f16 too.
        const data = Float64Array.from({ length: size }, () => Math.round(rng.normal() * 40) / 64);
        if (!made.has(path)) made.set(path, { dtype: type.dtype, dims, data });
      }
    });
  return (path) => {
    const found = made.get(path);
    if (found === undefined) throw new Error(`no weight ${path}`);
    return found;
  };
}
