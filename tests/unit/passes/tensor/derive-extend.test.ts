/** Logits of `extend` for a row with t tokens so far = row t of `forward`, however the tokens are cut into calls. */
import { describe, expect, test } from "vitest";
import type { Datum } from "../../../../src/interp/index.ts";
import { evaluate, isTensor } from "../../../../src/interp/index.ts";
import type { Builder, DType, Func, Module, SurfaceArg, Tensor, Value } from "../../../../src/ir/index.ts";
import { funcNamed, tensorType, value, verifyModule } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import type { Dim } from "../../../../src/support/dim.ts";
import type { Loc } from "../../../../src/support/source.ts";
import { Rng } from "../../../../src/support/random.ts";
import { deriveExtend } from "../../../../passes/tensor/derive-extend.ts";
import type { PassContext } from "../../../../passes/manager/pass.ts";
import type { Options } from "./models.ts";
import { B, T, VOCAB, gpt2, llama, weightsOf } from "./models.ts";

const CONTEXT = 48;
type Weight = Parameters<NonNullable<Options["scores"]>>[1];
const context = { ops: OPS, capacities: {} } as PassContext;

function derive(module: Module): Module {
  const { ir, diagnostics } = deriveExtend("required").run(module, context);
  expect(diagnostics).toEqual([]);
  expect(verifyModule(ir, OPS)).toEqual([]);
  return ir;
}

function named(module: Module, name: string): Func {
  const found = funcNamed(module, name);
  if (found === undefined) throw new Error(`no @${name}`);
  return found;
}

function ints(dims: readonly number[], data: readonly number[]): Tensor {
  return { dtype: "i32", dims, data: Float64Array.from(data) };
}

function tensor(datum: Datum | undefined): Tensor {
  if (datum === undefined || !isTensor(datum)) throw new Error("not a tensor");
  return datum;
}

/** Caches start as garbage: what was not written must not be read. */
function initial(func: Func, rows: number): Record<string, Datum> {
  const symbols = { B: rows, S: CONTEXT, T: 1 };
  return Object.fromEntries(
    func.args.slice(2).map(({ name, value: { type } }) => {
      const dims = type.dims.map((dim) => dim.evaluate(symbols));
      const size = dims.reduce((all, n) => all * n, 1);
      const one: Tensor = { dtype: type.dtype, dims, data: new Float64Array(size).fill(name === "pos" ? 0 : 1e9) };
      return [name, type.family === undefined ? one : Array.from({ length: type.family }, () => one)];
    }),
  );
}

/** How many tokens a row brings in a call, at most as many as the call has room for; the rest of its places is padding. */
type Share = (call: number, row: number) => number;

/** Runs row r's tokens through extend in calls of `chunk` tokens and compares the logits after each. */
function compare(module: Module, lengths: readonly number[], chunk: number, share: Share = () => chunk): void {
  const rows = lengths.length;
  const longest = Math.max(...lengths);
  const rng = new Rng(7);
  const tokens = lengths.map((length) => Array.from({ length }, () => rng.int(0, VOCAB)));
  const params = weightsOf(module);
  const run = (func: Func, args: Record<string, Datum>, T: number): Record<string, Datum> =>
    evaluate(func, args, { ops: OPS, params, symbols: { B: rows, T, S: CONTEXT }, mode: "exact" });
  const padded = tokens.flatMap((row) => [...row, ...new Array<number>(longest - row.length).fill(0)]);
  const all = tensor(run(named(module, "forward"), { tokens: ints([rows, longest], padded) }, longest)["logits"]);
  const extend = named(module, chunk === 1 ? "extend1" : "extend");
  let state = initial(extend, rows);
  const taken = lengths.map(() => 0);
  for (let turn = 0; taken.some((at, row) => at < lengths[row]!); turn++) {
    const starts = [...taken];
    const count = tokens.map(({ length }, row) => Math.max(0, Math.min(share(turn, row), length - starts[row]!)));
    const call = tokens.flatMap((row, r) => Array.from({ length: chunk }, (_, i) => (i < count[r]! ? row[starts[r]! + i]! : VOCAB - 1))); // prettier-ignore
    count.forEach((n, row) => (taken[row]! += n));
    const made = run(extend, { tokens: ints([rows, chunk], call), count: ints([rows], count), ...state }, chunk);
    const logits = tensor(made["logits"]);
    count.forEach((n, row) => {
      if (n === 0) return;
      const at = (row * longest + starts[row]! + n - 1) * VOCAB;
      for (let i = 0; i < VOCAB; i++)
        expect(Math.abs((logits.data[row * VOCAB + i] ?? NaN) - (all.data[at + i] ?? NaN))).toBeLessThan(1e-9);
    });
    state = Object.fromEntries(Object.entries(made).filter(([name]) => name !== "logits"));
  }
  expect([...tensor(state["pos"]).data]).toEqual(lengths);
}

const MODELS: readonly (readonly [string, (options?: Options) => Module])[] = [
  ["llama", llama],
  ["gpt2", gpt2],
];

/** Each token keeps its two largest channels, weighed against each other. */
const router: Options["extra"] = (b, x) => {
  const probabilities = b.emit("softmax", [x]);
  const weights = b.emit("topk", [probabilities], { k: 2 });
  const total = b.emit("sum", [weights], { axis: 2, keep: true });
  const operands = [x, b.emit("topk_indices", [probabilities], { k: 2 }), b.emit("div", [weights, total])];
  return b.emit("scatter_add", operands, { axis: 2, batch: 2 });
};

const LENGTHS = Array.from({ length: 40 }, (_, i) => i + 1);

describe.each(MODELS)("%s", (_, model) => {
  const module = derive(model());

  test.each(LENGTHS)("%i tokens, one by one", (length) => compare(module, [length], 1));
  test.each(LENGTHS)("%i tokens in chunks of 5", (length) => compare(module, [length], 5));
  test.each(LENGTHS)("%i tokens at once", (length) => compare(module, [length], length));
  test("three rows of different lengths", () => {
    compare(module, [7, 1, 12], 1);
    compare(module, [7, 1, 12], 5);
    compare(module, [7, 1, 12], 12);
  });
  test("a router that chooses for each token", () => compare(derive(model({ extra: router })), [7, 1, 12], 5));
  test("a window over the last tokens", () => compare(derive(model({ window: 3 })), [9, 4], 2));
});

/** T5's bias of a layer: f[4, T, T], out of a learned table. */
const relativeBias = (b: Builder, weight: Weight, bidirectional = false): Value => {
  const count = b.emit("iota", [], { shape: [T], axis: 0 });
  const buckets = b.emit("relative_buckets", [count, count], { buckets: 8, max_distance: 12, bidirectional });
  return b.emit("transpose", [b.emit("take", [weight("bias", [8, 4]), buckets])], { perm: [2, 0, 1] });
};
const SCORES: readonly (readonly [string, Options])[] = [
  ["neighbouring rotary pairs", { interleaved: true }],
  ["a soft cap", { scores: () => ({ softcap: 0.5 }) }],
  ["sinks", { scores: (_, weight) => ({ sinks: weight("sinks", [4]) }) }],
  ["slopes", { scores: (b) => ({ slopes: b.emit("alibi_slopes", [], { heads: 4 }) }) }],
  ["learned slopes and a window", { window: 4, scores: (_, weight) => ({ slopes: weight("slopes", [4]) }) }],
  ["relative positions", { scores: (b, weight) => ({ bias: relativeBias(b, weight) }) }],
  ["relative positions, buckets of both signs", { scores: (b, weight) => ({ bias: relativeBias(b, weight, true) }) }],
  [
    "a bias that is computed from relative positions",
    { scores: (b, weight) => ({ bias: b.emit("tanh", [b.emit("mul", [relativeBias(b, weight), weight("gain", [4, 1, 1])])]) }) },
  ],
  ["a bias of heads, beside sinks", { scores: (_, weight) => ({ bias: weight("bias", [4, 1, 1]), sinks: weight("sinks", [4]) }) }],
  [
    "all of them",
    { window: 6, scores: (b, weight) => ({ softcap: 2, bias: relativeBias(b, weight), slopes: weight("slopes", [4]), sinks: weight("sinks", [4]) }) },
  ],
]; // prettier-ignore

test.each(SCORES)("extend is forward with %s", (_, options) => {
  const module = derive(llama(options));
  compare(module, [13, 1, 6], 1);
  compare(module, [13, 1, 6], 5);
  compare(module, [13], 13);
});

test("the last token is picked before the head", () => {
  const extend = named(derive(llama()), "extend");
  const loop = extend.body.ops.findIndex((op) => op.name === "repeat");
  const behind = extend.body.ops.slice(loop + 1).map((op) => op.name);
  expect(behind.indexOf("take")).toBeLessThan(behind.indexOf("rms_norm"));
});

type Extra = NonNullable<Options["extra"]>;

function constant(b: Builder, dtype: DType, data: readonly number[]): Value {
  return b.emit("constant", [], { value: { kind: "literal", dtype, dims: [data.length], data } });
}

/** An op as the language writes it. */
function called(b: Builder, name: string, args: Readonly<Record<string, SurfaceArg>>): readonly Value[] {
  const made = OPS.get(name)?.surface?.build(b, args);
  if (made === undefined || typeof made === "string" || "kind" in made) throw new Error(`${name}: ${String(made)}`);
  return "type" in made ? [made] : made;
}

const GAIN = [1, 2, 0.5, -1, 1, 1, 3, 0.25];

/** What `f` makes of each token alone, as x: f[B * T, 8]. */
function perToken(f: Extra): Extra {
  return (b, x) => {
    const [rows, tokens] = [x.type.dims[0]!, x.type.dims[1]!];
    const flat = b.emit("reshape", [x], { shape: [rows.mul(tokens), 8] });
    return b.emit("reshape", [f(b, flat)], { shape: x.type.dims });
  };
}

const POINTWISE: readonly (readonly [string, Extra])[] = [
  ["flip along channels", (b, x) => b.emit("flip", [x], { axis: -1 })],
  [
    "split along channels",
    (b, x) => b.emit("concat", [...called(b, "split", { x, parts: 4 })].reverse(), { axis: -1 }),
  ],
  [
    "gather along channels",
    (b, x) => b.emit("mul", [x, b.emit("gather", [x, b.emit("reshape", [b.emit("argmax", [x]) ], { shape: [...x.type.dims.slice(0, 2), 1] })])]), // prettier-ignore
  ],
  [
    "split of what is made of positions",
    (b, x) => {
      const table = b.emit("iota", [], { shape: [x.type.dims[1]!, 16], axis: 0 });
      const [even, odd] = called(b, "split", { x: b.emit("cast", [table], { dtype: "f32" }), parts: 2 });
      return b.emit("add", [b.emit("mul", [x, b.emit("sin", [even!])]), b.emit("cos", [odd!])]);
    },
  ],
  [
    "a projection of positions, and sines beside cosines",
    (b, x) => {
      const [T, one] = [x.type.dims[1]!, b.emit("reshape", [constant(b, "f32", GAIN)], { shape: [1, 8] })];
      const positions = b.emit("cast", [b.emit("iota", [], { shape: [T, 1], axis: 0 })], { dtype: "f32" });
      const angles = b.emit("mul", [positions, constant(b, "f32", [1, 0.1, 0.01])]);
      const waves = b.emit("concat", [b.emit("sin", [angles]), b.emit("cos", [angles]), b.emit("broadcast", [constant(b, "f32", [3, 4])], { shape: [T, 2] })], { axis: 1 }); // prettier-ignore
      const hidden = b.emit("tanh", [b.emit("matmul", [positions, one])]);
      // Each token has a matrix of its own.
      const matrices = b.emit("reshape", [b.emit("sin", [b.emit("mul", [positions, one])])], { shape: [T, 8, 1] });
      const row = b.emit("reshape", [x], { shape: [...x.type.dims.slice(0, 2), 1, 8] });
      const weighed = b.emit("reshape", [b.emit("matmul", [row, matrices])], { shape: [...x.type.dims.slice(0, 2), 1] }); // prettier-ignore
      return b.emit("mul", [b.emit("add", [x, b.emit("add", [hidden, waves])]), weighed]);
    },
  ],
  ["softplus and relu_squared", (b, x) => b.emit("softplus", [b.emit("relu_squared", [x])])],
  [
    "remainders and bits of positions",
    (b, x) => {
      const positions = b.emit("iota", [], { shape: [x.type.dims[1]!], axis: 0 });
      const one = b.emit("bit_and", [b.emit("rem", [positions, constant(b, "i32", [3])]), constant(b, "i32", [1])]);
      return b.emit("mul", [x, b.emit("reshape", [b.emit("cast", [one], { dtype: "f32" })], { shape: [x.type.dims[1]!, 1] })]); // prettier-ignore
    },
  ],
  [
    "dropout, which drops the same channels of a token in a session",
    (b, x) =>
      called(b, "dropout", { x, p: 0.5, seed: b.emit("reshape", [constant(b, "u32", [7])], { shape: [] }) })[0]!,
  ],
  [
    "random normals of positions",
    (b, x) => {
      const positions = b.emit("cast", [b.emit("iota", [], { shape: [x.type.dims[1]!, 1], axis: 0 })], {
        dtype: "u32",
      });
      const key = constant(b, "u32", [3]);
      return b.emit("add", [x, b.emit("random_normal", [key, key, key, positions])]);
    },
  ],
  [
    "group_norm of each token's channels",
    perToken((b, x) => b.emit("group_norm", [x, constant(b, "f32", GAIN)], { groups: 4 })),
  ],
  [
    "conv2d of each token's channels",
    perToken((b, x) => {
      const kernel = b.emit("reshape", [constant(b, "f32", [1, 2, 3, 4, 5, 6])], { shape: [1, 1, 2, 3] });
      const image = b.emit("reshape", [x], { shape: [x.type.dims[0]!, 1, 2, 4] });
      const made = b.emit("conv2d", [image, kernel], { padding: [1] });
      return b.emit("reshape", [b.emit("slice", [made], { axis: 2, start: 0, end: 2 })], { shape: x.type.dims });
    }),
  ],
];

test.each(POINTWISE)("passes: %s", (_, extra) => {
  const module = derive(llama({ extra }));
  compare(module, [7, 4], 1);
  compare(module, [7, 4], 3);
});

/** Channels in front of the tokens, as images have them: [B, 8, T]. */
function channelsFirst(f: Extra): Extra {
  return (b, x) => b.emit("transpose", [f(b, b.emit("transpose", [x], { perm: [0, 2, 1] }))], { perm: [0, 2, 1] });
}

const LOOK_AHEAD: readonly (readonly [string, Extra, string])[] = [
  ["flip along T", (b, x) => b.emit("flip", [x], { axis: 1 }), "`flip` mixes positions"],
  [
    "group_norm over T",
    channelsFirst((b, x) => b.emit("group_norm", [x, constant(b, "f32", GAIN)], { groups: 2 })),
    "`group_norm` mixes positions",
  ],
  [
    "split along T",
    (b, x) => {
      const tokens = x.type.dims[1]!;
      const [first, rest] = b.emitAll("split", [x], { axis: 1, sizes: [1, tokens.sub(1)] });
      return b.emit("concat", [rest!, first!], { axis: 1 });
    },
    "`split` mixes positions",
  ],
  [
    "gather along T",
    (b, x) => b.emit("gather", [x, b.emit("cast", [x], { dtype: "i32" })], { axis: 1 }),
    "`gather` mixes positions",
  ],
  [
    "embedding_bag of all tokens",
    (b, x) => {
      const tokens = b.emit("argmax", [x]);
      const table = b.emit("reshape", [constant(b, "f32", GAIN)], { shape: [1, 8] });
      const bags = b.emit("embedding_bag", [table, tokens], { mode: "mean" });
      return b.emit("add", [x, b.emit("reshape", [bags], { shape: [x.type.dims[0]!, 1, 8] })]);
    },
    "`embedding_bag` mixes positions",
  ],
  [
    "conv2d along T",
    (b, x) => {
      const kernel = b.emit("reshape", [constant(b, "f32", [1, 2, 3])], { shape: [1, 1, 3, 1] });
      const image = b.emit("reshape", [x], { shape: [x.type.dims[0]!, 1, x.type.dims[1]!, 8] });
      return b.emit("reshape", [b.emit("conv2d", [image, kernel], { padding: [1, 0] })], { shape: x.type.dims });
    },
    "`conv2d` mixes positions",
  ],
];

describe("what looks ahead is refused", () => {
  const refused = (module: Module): string => {
    const { ir, diagnostics } = deriveExtend("required").run(module, context);
    expect(ir).toBe(module);
    return diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n");
  };

  test("attention without the causal mask", () => {
    expect(refused(llama({ mask: "full" }))).toContain(
      "LLM0501: `forward` cannot be split into tokens: `attention` has the mask `full`",
    );
  });
  test("attention with lengths of its own, which generation would overwrite", () => {
    const extra: Options["extra"] = (b, x) => {
      const heads = b.emit("reshape", [x], { shape: [x.type.dims[0]!, 1, x.type.dims[1]!, x.type.dims[2]!] });
      const one = b.emit("constant", [], { value: { kind: "literal", dtype: "i32", dims: [], data: [1] } });
      const lengths = b.emit("broadcast", [one], { shape: [x.type.dims[0]!] });
      const seen = b.emit("attention", [heads, heads, heads, null, null, lengths], { mask: "causal", scale: 1 });
      return b.emit("reshape", [seen], { shape: [...x.type.dims] });
    };
    expect(refused(llama({ extra }))).toContain("`attention` is given `lengths`");
  });
  test("a prefix that every token sees", () => {
    const scores: Options["scores"] = (b) => {
      const one = b.emit("constant", [], { value: { kind: "literal", dtype: "i32", dims: [], data: [3] } });
      return { prefix: b.emit("broadcast", [one], { shape: [B] }) };
    };
    expect(refused(llama({ scores }))).toContain("`attention` is given `prefix`, so a token of the prefix sees later");
  });
  test("a bias of keys that lie in the cache; one of queries passes", () => {
    const along =
      (shape: readonly (Dim | number)[]): Options["scores"] =>
      (b) => ({ bias: b.emit("reshape", [b.emit("cast", [b.emit("iota", [], { shape: [T], axis: 0 })], { dtype: "f32" })], { shape }) }); // prettier-ignore
    expect(refused(llama({ scores: along([1, 1, T]) }))).toContain(
      "`attention` has a `bias` for the keys of this call",
    );
    compare(derive(llama({ scores: along([1, T, 1]) })), [5, 2], 2);
  });
  test("a bias of positions against positions that is no lookup of distances", () => {
    const scores: Options["scores"] = (b, weight) => ({
      bias: b.emit("softmax", [relativeBias(b, weight)], { axis: 2 }),
    });
    expect(refused(llama({ scores }))).toContain("`softmax` sets positions against positions");
  });
  test("a mean over T", () => {
    const extra: Options["extra"] = (b, x) => b.emit("sub", [x, b.emit("mean", [x], { axis: 1, keep: true })]);
    expect(refused(llama({ extra }))).toContain("`mean` runs over all positions");
  });
  test("the diagnostic says where, and one mistake does not hide another", () => {
    const at = (line: number): Loc => ({ path: "m.llm", start: { line, column: 1 }, end: { line, column: 9 } });
    const extra: Options["extra"] = (b, x) => {
      b.loc = at(3);
      const first = b.emit("sub", [x, b.emit("mean", [x], { axis: 1, keep: true })]);
      b.loc = at(4);
      return b.emit("softmax", [first], { axis: 1 });
    };
    const { diagnostics } = deriveExtend("required").run(llama({ extra }), context);
    expect(diagnostics.map((d) => d.loc?.start.line)).toEqual([3, 4]);
  });
  test("what is made of positions against positions is not refused once more", () => {
    const extra: Options["extra"] = (b, x) => {
      const scores = b.emit("matmul", [x, x], { transpose_b: true });
      return b.emit("matmul", [b.emit("softmax", [scores], { axis: -1 }), x]);
    };
    expect(refused(llama({ extra })).split("\n")).toEqual([
      expect.stringContaining("`matmul` sets positions against positions"),
    ]);
  });
  test("a mean over channels is no problem", () => {
    const extra: Options["extra"] = (b, x) => b.emit("sub", [x, b.emit("mean", [x], { axis: 2, keep: true })]);
    compare(derive(llama({ extra })), [5], 2);
  });
  test("a softmax over T, which hides in a composite", () => {
    const extra: Options["extra"] = (b, x) => b.emit("softmax", [x], { axis: 1 });
    expect(refused(llama({ extra }))).toContain("`softmax` mixes positions");
  });
  test("a reshape that tears tokens apart; one that keeps them passes", () => {
    const torn: Options["extra"] = (b, x) => {
      const [rows, tokens] = x.type.dims;
      const shape = [rows, 8, tokens].map((dim) => dim ?? 1);
      return b.emit("reshape", [b.emit("reshape", [x], { shape })], { shape: x.type.dims });
    };
    expect(refused(llama({ extra: torn }))).toContain("`reshape` tears positions apart");
    const kept: Options["extra"] = (b, x) => {
      const [rows, tokens] = x.type.dims;
      if (rows === undefined || tokens === undefined) throw new Error("x is [B, T, C]");
      const flat = b.emit("reshape", [x], { shape: [rows.mul(tokens), 8] });
      return b.emit("reshape", [b.emit("exp", [flat])], { shape: x.type.dims });
    };
    compare(derive(llama({ extra: kept })), [5], 2);
  });
  test.each(LOOK_AHEAD)("%s", (_, extra, sentence) => {
    const at: Loc = { path: "m.llm", start: { line: 3, column: 1 }, end: { line: 3, column: 9 } };
    const placed: Options["extra"] = (b, x) => {
      b.loc = at;
      return extra(b, x);
    };
    expect(refused(llama({ extra }))).toContain(sentence);
    const { diagnostics } = deriveExtend("required").run(llama({ extra: placed }), context);
    expect(diagnostics.map(({ loc }) => loc)).toEqual([at]);
  });
  test("a scan that reads all positions; along T it passes, wherever T stands, and along another axis for each token", () => {
    type Extra = NonNullable<Options["extra"]>;
    const walked =
      (axis: number, reads: "h" | "all h" | "all x"): Extra =>
      (b, x) => {
        const zero = b.emit("constant", [], { value: { kind: "literal", dtype: "f32", dims: [], data: [0] } });
        const state = tensorType("f32", x.type.dims.toSpliced(axis, 1));
        const start = b.emit("broadcast", [zero], { shape: state.dims });
        const [h, now] = [value(state, "h"), value(state, "x")];
        const inner = b.nested();
        const factors = {
          h: () => h,
          "all h": () => inner.emit("reduce_max", [h], { axis: 1, keep: true }),
          "all x": () => inner.emit("reduce_max", [x], { axis }),
        };
        const factor = factors[reads]();
        const next = inner.emit("add", [inner.emit("tanh", [inner.emit("mul", [h, factor])]), now]);
        const y = value(x.type, "y");
        b.push({ name: "scan", operands: [start, x], attrs: { axis, carries: 1 }, results: [value(state, "h"), y], regions: [inner.block([h, now], [next, next])] }); // prettier-ignore
        return y;
      };
    const perm = [0, 2, 1];
    const turned: Extra = (b, x) =>
      b.emit("transpose", [walked(2, "h")(b, b.emit("transpose", [x], { perm }))], { perm });
    compare(derive(llama({ extra: walked(1, "h") })), [5], 2);
    compare(derive(llama({ extra: turned })), [5], 2);
    // Padding behind some tokens of a call leaves the state of that row alone.
    compare(derive(llama({ extra: walked(1, "h") })), [7, 5, 6], 3, (call, row) => (call + row) % 4);
    expect(refused(llama({ extra: walked(1, "all x") }))).toContain("`scan` reads all positions at each of them");
    compare(derive(llama({ extra: walked(2, "h") })), [5], 2);
    compare(derive(llama({ extra: walked(2, "all x") })), [7, 5, 6], 3, (call, row) => (call + row) % 4);
    expect(refused(llama({ extra: walked(2, "all h") }))).toContain("`reduce_max` runs over all positions");
  });
  test("a convolution that sees later tokens; a causal one keeps its last inputs", () => {
    const convolved =
      (before: number, after: number): Options["extra"] =>
      (b, x) => {
        const numbers = b.emit("cast", [b.emit("iota", [], { shape: [8, 1, 3], axis: 0 })], { dtype: "f32" });
        return b.emit("conv1d", [x, b.emit("sin", [numbers])], { groups: 8, before, after });
      };
    expect(refused(llama({ extra: convolved(1, 1) }))).toContain("`conv1d` reads positions behind a token");
    compare(derive(llama({ extra: convolved(2, 0) })), [5], 2);
    compare(derive(llama({ extra: convolved(2, 0) })), [7, 5, 6], 3, (call, row) => (call + row) % 4);
  });
  test("it stays silent where generation is not asked for", () => {
    const module = llama({ mask: "full" });
    expect(deriveExtend("if-possible").run(module, context)).toEqual({ ir: module, diagnostics: [] });
  });
});
