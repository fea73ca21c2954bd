/** Names of checkpoints against parameters, and the one error that lists everything that does not fit. */
import { describe, expect, it } from "vitest";
import { bytesOf } from "../../../src/runtime/byte-source.ts";
import { WeightsError } from "../../../src/runtime/errors.ts";
import { resolveName } from "../../../src/runtime/weight-names.ts";
import type { WeightNameRule } from "../../../src/runtime/weight-names.ts";
import { loadWeights } from "../../../src/runtime/weights.ts";
import type { Parameter } from "../../../src/runtime/weights.ts";
import { f32Tensor, fileOf } from "./safetensors-file.ts";
import type { TestTensor } from "./safetensors-file.ts";

describe("resolveName", () => {
  const parameters = new Set(["wte", "layers.0.attn.weight", "layers.12.attn.weight"]);
  const resolve = (name: string, ...rules: readonly WeightNameRule[]) =>
    resolveName(name, (path) => parameters.has(path), rules);

  it("takes equal names, and nothing else without a rule", () => {
    expect(resolve("wte")).toEqual({ kind: "parameter", path: "wte" });
    expect(resolve("wtf")).toEqual({ kind: "extra" });
  });

  it("renames whole names and beginnings up to a dot", () => {
    const rule = { kind: "rename", published: "h.{i}.a", path: "layers.{i}.attn" } as const;
    expect(resolve("h.12.a.weight", rule)).toEqual({ kind: "parameter", path: "layers.12.attn.weight" });
    expect(resolve("h.12.ab.weight", rule)).toEqual({ kind: "extra" });
    expect(resolve("x.h.12.a.weight", rule)).toEqual({ kind: "extra" });
  });

  it("takes an optional prefix away or puts it there, also before a rename", () => {
    const rules = [
      { kind: "optional_prefix", prefix: "transformer." },
      { kind: "rename", published: "h.*.a", path: "layers.*.attn" },
    ] as const;
    expect(resolve("transformer.wte", ...rules)).toEqual({ kind: "parameter", path: "wte" });
    expect(resolve("wte", ...rules)).toEqual({ kind: "parameter", path: "wte" });
    expect(resolve("transformer.h.0.a.weight", ...rules)).toEqual({ kind: "parameter", path: "layers.0.attn.weight" });
    expect(resolve("0.attn.weight", { kind: "optional_prefix", prefix: "layers." })).toEqual({ kind: "parameter", path: "layers.0.attn.weight" }); // prettier-ignore
    expect(resolve("model.wte", ...rules)).toEqual({ kind: "extra" });
  });

  it("ignores by pattern, but never a parameter", () => {
    const rules = [{ kind: "ignore", pattern: "**.attn.{bias,masked_bias}" }] as const;
    expect(resolve("h.0.attn.bias", ...rules)).toEqual({ kind: "ignored" });
    expect(resolve("h.0.attn.masked_bias", ...rules)).toEqual({ kind: "ignored" });
    expect(resolve("h.0.attn.weights", ...rules)).toEqual({ kind: "extra" });
    expect(resolve("wte", { kind: "ignore", pattern: "**" })).toEqual({ kind: "parameter", path: "wte" });
  });

  it("compares what is tied", () => {
    const rules = [{ kind: "tied", published: "lm_head", path: "wte" }] as const;
    expect(resolve("lm_head", ...rules)).toEqual({ kind: "tied", path: "wte" });
    expect(resolve("lm_heads", ...rules)).toEqual({ kind: "extra" });
  });
});

describe("a stack", () => {
  const rule = { kind: "stack", path: "experts.up", index: "e", published: "...experts.{e}.w1.weight" } as const;
  const path = "layers.0.mlp.experts.up";
  const name = (e: number | string): string => `layers.0.mlp.experts.${e}.w1.weight`;
  const parameters: readonly Parameter[] = [{ path, dtype: "f16", dims: [3, 2] }];
  const load = async (tensors: Readonly<Record<string, TestTensor>>, ...rules: readonly WeightNameRule[]) => {
    const bytes = new Uint8Array(12);
    const deliver = (piece: { readonly offset: number; readonly bytes: Uint8Array }) =>
      bytes.set(piece.bytes, piece.offset);
    await loadWeights(bytesOf(fileOf(tensors), "the file"), parameters, [rule, ...rules], deliver);
    return [...new Uint16Array(bytes.buffer)];
  };
  // The order of the file is not that of the slices.
  const slices = {
    [name(2)]: f32Tensor([2], [1, 1]),
    [name(0)]: f32Tensor([2], [0.5, 0.5]),
    [name(1)]: f32Tensor([2], [2, 2]),
  };

  it("resolves names with the same beginning, and only numbers", () => {
    const resolve = (given: string, each: WeightNameRule) => resolveName(given, (known) => known === path, [each]);
    expect(resolve(name(12), rule)).toEqual({ kind: "slice", path, index: 12 });
    expect(resolve(name("x"), rule)).toEqual({ kind: "extra" });
    expect(resolve(name("01"), rule)).toEqual({ kind: "extra" });
    expect(resolve(`${name(1)}.x`, rule)).toEqual({ kind: "extra" });
    expect(resolve("layers.1.mlp.experts.1.w1.weight", rule)).toEqual({ kind: "extra" });
    const whole = { ...rule, path, published: "moe.{e}.up" };
    expect(resolve("moe.4.up", whole)).toEqual({ kind: "slice", path, index: 4 });
    expect(resolve("x.moe.4.up", whole)).toEqual({ kind: "extra" });
  });

  it("puts each tensor at its place", async () => {
    expect(await load(slices)).toEqual([0x3800, 0x3800, 0x4000, 0x4000, 0x3c00, 0x3c00]);
    expect(await load({ [path]: f32Tensor([3, 2], [0, 0, 0, 0, 0, 1]) })).toEqual([0, 0, 0, 0, 0, 0x3c00]);
  });

  it("lists slices that are missing, too many or of another shape, and a parameter given twice", async () => {
    const { [name(1)]: gone, ...rest } = slices;
    await expect(load({ ...rest, [name(3)]: gone! })).rejects.toThrow(
      /experts\.3\.w1\.weight: F32\[2\] in the file(.|\n)*up\[1\]: not in the file; the model needs \[2\]/,
    );
    await expect(load({ ...slices, [name(1)]: f32Tensor([1], [0]) })).rejects.toThrow(/up\[1\]: the shape is \[1\]/);
    await expect(load({ ...slices, [path]: f32Tensor([3, 2], [0, 0, 0, 0, 0, 0]) })).rejects.toThrow(/both layers/);
    const again = { ...slices, [`old.${name(1)}`]: f32Tensor([2], [0, 0]) };
    await expect(load(again, { kind: "optional_prefix", prefix: "old." })).rejects.toThrow(/old\.layers/);
  });
});

describe("loadWeights", () => {
  const parameters: readonly Parameter[] = [
    { path: "a", dtype: "f32", dims: [2] },
    { path: "b", dtype: "f16", dims: [2] },
  ];
  const load = async (tensors: Readonly<Record<string, TestTensor>>, rules: readonly WeightNameRule[] = []) => {
    const loaded = new Map<string, Uint8Array>();
    const source = bytesOf(fileOf(tensors), "the file");
    await loadWeights(source, parameters, rules, ({ path, bytes }) => loaded.set(path, bytes));
    return loaded;
  };
  const good = { a: f32Tensor([2], [1, 2]), b: f32Tensor([2], [0.5, -2]) };

  it("converts to the storage type", async () => {
    const loaded = await load(good);
    expect([...loaded.get("a")!]).toEqual([...new Uint8Array(Float32Array.of(1, 2).buffer)]);
    expect([...loaded.get("b")!]).toEqual([0x00, 0x38, 0x00, 0xc0]);
  });

  it("lists all that is wrong, and delivers nothing", async () => {
    const loaded: string[] = [];
    const file = fileOf({ a: f32Tensor([1, 2], [1, 2]), c: { dtype: "I32", shape: [1], bytes: new Uint8Array(4) } });
    const error = await loadWeights(bytesOf(file), parameters, [], ({ path }) => loaded.push(path)).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).mismatches).toEqual([
      { path: "a", problem: "shape", expected: "[2]", found: "[1, 2]" },
      { path: "b", problem: "missing", expected: "[2]" },
      { path: "c", problem: "extra", found: "I32[1]" },
    ]);
    expect(loaded).toEqual([]);
  });

  it("refuses integers, numbers that the storage cannot hold, and two tensors for one parameter", async () => {
    const integers = { ...good, a: { dtype: "I32", shape: [2], bytes: new Uint8Array(8) } };
    await expect(load(integers)).rejects.toThrow(/a: stored as I32; the model reads F64, F32, F16 or BF16/);
    await expect(load({ ...good, b: f32Tensor([2], [1, 70000]) })).rejects.toThrow(/b: holds 70000, beyond what f16/);
    expect((await load({ ...good, b: f32Tensor([2], [1, 65519]) })).size).toBe(2);
    const twice = { ...good, "x.a": good.a };
    await expect(load(twice, [{ kind: "optional_prefix", prefix: "x." }])).rejects.toThrow(/a: both a and x.a give it/);
  });

  it("compares tied tensors across types", async () => {
    const rules = [{ kind: "tied", published: "t", path: "a" }] as const;
    const half: TestTensor = { dtype: "F16", shape: [2], bytes: Uint8Array.of(0x00, 0x3c, 0x00, 0x40) };
    expect((await load({ ...good, t: half }, rules)).size).toBe(2);
    const other: TestTensor = { ...half, bytes: Uint8Array.of(0x01, 0x3c, 0x00, 0x40) };
    await expect(load({ ...good, t: other }, rules)).rejects.toThrow(/t: must equal a, and does not/);
  });
});

describe("weights that kernels take for finite", () => {
  const bits = (values: readonly number[]): TestTensor => {
    return { dtype: "F16", shape: [values.length], bytes: new Uint8Array(Uint16Array.from(values).buffer) };
  };
  const load = (values: readonly number[], isFinite: boolean): Promise<void> => {
    const parameters: readonly Parameter[] = [{ path: "w", dtype: "f16", dims: [values.length], isFinite }];
    return loadWeights(bytesOf(fileOf({ w: bits(values) }), "the file"), parameters, [], () => {});
  };
  const largest = 0x7bff;

  it.each([
    ["an infinity", [0, 1, 2, 0x7c00], "Infinity"],
    ["a negative infinity in the lower half of a word", [1, 2, 0xfc00, 3], "-Infinity"],
    ["a NaN at the odd end", [1, 2, 0x7e01], "NaN"],
  ])("are refused with %s, by path", async (_, values, found) => {
    const message = `w: holds ${found}; this target reads f16 weights as finite numbers, a build with storage f32 any`;
    await expect(load(values, true)).rejects.toThrow(message);
    await expect(load(values, false)).resolves.toBeUndefined();
  });

  it("may hold the largest and the smallest numbers", async () => {
    await expect(load([largest, largest | 0x8000, 1, 0x8001, 0x8000], true)).resolves.toBeUndefined();
  });
});
