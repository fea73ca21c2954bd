/**
 * Calls of a package by the signature of its entries: a `forward` whatever its argument is called, results of any element
 * type, and no answer for arguments and sizes that are not those of the entry.
 */
import { describe, expect, it } from "vitest";
import { artifactOf, packageFiles } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import type { Compilation, Entry } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { loadModel } from "../../src/runtime/index.ts";
import type { Model } from "../../src/runtime/index.ts";
import { seeded } from "../support/suite-models.ts";

function build(
  text: string,
  entries: readonly Entry[],
  profile = js,
): { compilation: Compilation; weights: Uint8Array } {
  const file = { path: "m.llm", text };
  const compilation = compile(file, { profiles: [profile], entries, chunk: 8, context: 16, batch: 2 });
  expect(compilation.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return { compilation, weights: seeded(file, {}).weights };
}

async function using<V>(
  text: string,
  entries: readonly Entry[],
  run: (model: Model) => Promise<V>,
  profile = js,
): Promise<V> {
  const { compilation, weights } = build(text, entries, profile);
  const data = packageData(artifactOf(compilation, "m", "0.0.0"));
  const model = await loadModel(data, { weights, tokenizer: null, target: profile.target as "js" });
  try {
    return await run(model);
  } finally {
    await model.close();
  }
}

const decoder = (argument: string, result: string): string => `model Decoder(vocab: int = 13, dim: int = 8) {
  use embed: Embedding(vocab, dim)
  use head: Linear(dim, vocab)
  forward(${argument}: i32[B, T]) -> ${result}[B, T, vocab] {
    let x = split_heads(embed(${argument}), 2)
    let y = head(merge_heads(attention(x, x, x, mask: causal)))
    return ${result === "f" ? "y" : `cast(y, ${result})`}
  }
}
`;

const ENCODER = `model Encoder(vocab: int = 13, dim: int = 6) {
  use embed: Embedding(vocab, dim)
  use segment: Embedding(2, dim)
  param w: f[dim, dim]
  forward(tokens: i32[B, T], segments: i32[B, T], scale: f32[B]) -> f32[B, dim] {
    let x = embed(tokens) + segment(segments)
    return (mean(x, axis: 1) @ w) * reshape(scale, [B, 1])
  }
}
`;

const VALID = `model Valid(dim: int = 3) {
  param w: f[dim, dim, 3]
  forward(x: f32[B, T, dim]) -> f32[B, T - 2, dim] {
    return conv1d(x, w, padding: valid)
  }
}
`;

describe("forward", () => {
  it("takes its tokens, whatever they are called", async () => {
    const logits = (argument: string): Promise<Float32Array[]> =>
      using(decoder(argument, "f"), ["forward"], async (model) => [await model.forward([1, 2, 3]), await model.forward([4, 5, 6])]); // prettier-ignore
    const [first, second] = await logits("ids");
    expect(await logits("tokens")).toEqual([first, second]);
    expect(first).not.toEqual(second);
  });

  it.each([js, cpuSimd])("gives numbers of any type as f32, and so does extend, for $name", async (profile) => {
    const answers = (result: string): Promise<Float32Array[]> =>
      using(decoder("tokens", result), ["generate", "forward"], async (model) => [await model.forward([1, 2, 3]), await model.extend([1, 2, 3])], profile); // prettier-ignore
    const wide = await answers("f");
    // JavaScript stores no narrow floats.
    for (const narrow of profile === js ? [] : ["f16", "bf16"]) {
      const found = await answers(narrow);
      found.forEach((values, i) => {
        expect(values).toHaveLength(i === 0 ? 39 : 13);
        values.forEach((x, k) => expect(x).toBeCloseTo(wide[i]![k]!, narrow === "f16" ? 2 : 1));
      });
    }
    expect(wide[0]!.slice(26)).toEqual(wide[1]);
  });

  it("is no method of a model that takes something else, and says what `call` takes", async () => {
    await using(ENCODER, ["forward"], async (model) => {
      const refused = /`forward` takes \(tokens: i32\[B, T\], segments: i32\[B, T\], scale: f32\[B\]\)/;
      await expect(model.forward([1, 2])).rejects.toThrow(refused);
      await expect(model.extend([1])).rejects.toMatchObject({ name: "OptionError" });
    });
    const files = packageFiles(build(ENCODER, ["forward"]).compilation, "encoder", "0.0.0");
    expect(files.get("index.d.ts")).toMatch(/interface Model extends LoadedModel<Target, Profile> \{\}/);
    const readme = files.get("README.md");
    expect(readme).toContain('await model.call("forward", { tokens, segments, scale }, { B, T });');
    expect(readme).toContain(
      "takes `tokens: i32[B, T]`, `segments: i32[B, T]`, `scale: f32[B]` and gives `logits: f32[B, 6]`",
    );
    expect(readme).not.toContain("model.generate");
    expect(readme).toContain("vocabulary 13");
  });
});

describe("call", () => {
  const right = { tokens: Int32Array.of(1, 2, 3), segments: Int32Array.of(0, 0, 1), scale: Float32Array.of(1) };
  const sizes = { B: 1, T: 3 };

  it("gives the results at the sizes of the call", async () => {
    await using(ENCODER, ["forward"], async (model) => {
      const one = await model.call("forward", right, sizes);
      expect(one["logits"]).toHaveLength(6 * 4);
      const twice = { tokens: Int32Array.of(1, 2, 3, 1, 2, 3), segments: Int32Array.of(0, 0, 1, 0, 0, 1), scale: Float32Array.of(1, 1) }; // prettier-ignore
      const two = await model.call("forward", twice, { B: 2, T: 3 });
      expect(two["logits"]).toEqual(Uint8Array.of(...one["logits"]!, ...one["logits"]!));
    });
  });

  const { scale, ...withoutScale } = right;
  it.each([
    ["a misspelt argument", { ...withoutScale, scales: scale }, sizes, /no argument `scales`; it takes \(tokens: /],
    ["a missing argument", withoutScale, sizes, /needs the argument `scale`; it takes \(tokens: /],
    [
      "a short argument",
      { ...right, tokens: Int32Array.of(1, 2) },
      sizes,
      /`tokens` is i32\[B, T\]: 3 numbers with .*B = 1, T = 3, not 2/,
    ],
    ["a long argument", { ...right, tokens: new Int32Array(99) }, sizes, /not 99/],
    ["another type", { ...right, tokens: Float32Array.of(1, 2, 3) }, sizes, /give it as a Int32Array/],
    ["no sizes", right, {}, /needs the size B; it takes/],
    ["one size of two", right, { B: 1 }, /needs the size T/],
    ["a size that is no size", right, { B: 1, T: 3, Q: 1 }, /has no size Q/],
    ["a negative size", right, { B: -1, T: 3 }, /the size B is an integer from 1, not -1/],
    ["a broken size", right, { B: 1.5, T: 3 }, /not 1.5/],
    ["a size of nothing", right, { B: 1, T: 0 }, /not 0/],
  ] as const)("refuses %s", async (_, inputs, given, message) => {
    await using(ENCODER, ["forward"], async (model) => {
      await model.call("forward", right, sizes);
      const call = model.call("forward", inputs as unknown as typeof right, given as unknown as typeof sizes);
      await expect(call).rejects.toMatchObject({
        name: "OptionError",
        message: expect.stringMatching(message) as string,
      });
    });
  });

  it("refuses sizes at which a result would be empty", async () => {
    await using(VALID, ["forward"], async (model) => {
      const call = (T: number): Promise<unknown> => model.call("forward", { x: new Float32Array(3 * T) }, { B: 1, T });
      for (const T of [1, 2])
        await expect(call(T)).rejects.toThrow(/`logits` of `forward`, f32\[B, T - 2, 3\], would be empty with .*T = /);
      expect(Object.keys((await call(3)) as object)).toEqual(["logits"]);
    });
  });

  it("leaves state as it is where none is given", async () => {
    await using(decoder("tokens", "f"), ["generate"], async (model) => {
      const step = (token: number, pos?: number): Promise<Record<string, Uint8Array>> =>
        model.call("extend1", { tokens: Int32Array.of(token), count: Int32Array.of(1), ...(pos === undefined ? {} : { pos: Int32Array.of(pos) }) }, { B: 1 }); // prettier-ignore
      const all = await model.extend([1, 2, 3]);
      await step(1, 0);
      await step(2);
      const { logits } = await step(3);
      expect(new Float32Array(logits!.slice().buffer)).toEqual(all);
    });
  });
});
