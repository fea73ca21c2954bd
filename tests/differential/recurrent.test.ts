/**
 * Models whose state is no cache: what a scan and a convolution carry on. Tokens taken in one by one, in chunks and
 * padded give `forward`'s logits; a second turn behind a stop, an abort or a shorter prompt gives what a new session
 * would.
 */
import { describe, expect, it } from "vitest";
import { resolveSource } from "../../src/cli/sources.ts";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { loadModel } from "../../src/runtime/index.ts";
import type { Model, PackageData } from "../../src/runtime/index.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { loadOn } from "../../src/runtime/load.ts";
import { losableDevices } from "../support/losable-device.ts";
import type { LosableDevices } from "../support/losable-device.ts";
import { seeded } from "../support/suite-models.ts";

const MODELS = {
  mamba: { vocab_size: "31", hidden_size: "8", intermediate_size: "12", state_size: "3", num_hidden_layers: "2", time_step_rank: "2" }, // prettier-ignore
  rwkv: { vocab_size: "31", hidden_size: "8", attention_hidden_size: "12", num_hidden_layers: "3" },
} as const;
const TOKENS = [3, 14, 15, 9, 26, 5, 30, 8, 0, 7, 12, 21];

interface Built {
  readonly data: PackageData;
  readonly weights: Uint8Array;
}

function build(name: keyof typeof MODELS, profile: TargetInfo, chunk: number): Built {
  const { file, set, weights } = seeded(resolveSource(`examples/${name}`).file, MODELS[name]);
  const compilation = compile(file, { profiles: [profile], entries: ["generate", "forward"], set, chunk, context: 64 });
  expect(compilation.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return { data: packageData(artifactOf(compilation, name, "0.0.0")), weights };
}

const cases = (["mamba", "rwkv"] as const).flatMap((name) => [js, cpuSimd].map((profile) => [name, profile.name, profile] as const)); // prettier-ignore

describe.each(cases)("%s on %s", (name, _profile, profile) => {
  /** Prompts of 12 tokens are one chunk, or three. */
  const [whole, pieces] = [12, 4].map((chunk) => build(name, profile, chunk)) as [Built, Built];
  const greedy = { temperature: 0, stopTokens: [], stopAtEos: false } as const;
  const answer = async (
    model: Model,
    prompt: readonly number[],
    maxTokens: number,
    options = {},
  ): Promise<readonly number[]> => {
    const generation = model.generate(prompt, { ...greedy, ...options, maxTokens });
    await generation.text();
    return generation.tokens;
  };
  const fresh = async <V>(run: (model: Model) => Promise<V>, { data, weights } = pieces): Promise<V> => {
    const model = await loadModel(data, { weights, tokenizer: null, target: profile.target as "js" });
    try {
      return await run(model);
    } finally {
      await model.close();
    }
  };

  it("extends by any pieces to what forward says", async () => {
    const all = await fresh((model) => model.forward(TOKENS), whole);
    await fresh(async (model) => {
      const vocab = all.length / TOKENS.length;
      for (const sizes of [[12], [1, 1, 1, 9], [5, 7], [4, 4, 4], [3, 1, 8]]) {
        model.reset();
        let at = 0;
        for (const size of sizes) {
          const logits = await model.extend(TOKENS.slice(at, at + size));
          at += size;
          const expected = all.slice((at - 1) * vocab, at * vocab);
          const largest = Math.max(...all.map(Math.abs));
          logits.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-4 * largest));
        }
      }
    });
  });

  it("takes a second turn from where the first ended, whatever the device has run ahead", async () => {
    await fresh(async (model) => {
      const first = await answer(model, TOKENS, 9);
      for (const kept of [9, 8, 4, 1]) {
        await answer(model, TOKENS, 9);
        const second = [...TOKENS, ...first.slice(0, kept), 11, 2];
        expect(await answer(model, second, 6)).toEqual(await fresh((other) => answer(other, second, 6)));
      }
      expect(await answer(model, TOKENS.slice(0, 5), 5)).toEqual(await fresh((other) => answer(other, TOKENS.slice(0, 5), 5))); // prettier-ignore
    });
  });

  it("is right behind a stop token, an abort and an extend", async () => {
    await fresh(async (model) => {
      const first = await answer(model, TOKENS, 9);
      const stopped = model.generate(TOKENS, { ...greedy, maxTokens: 9, stopTokens: [first[3]!] });
      await stopped.text();
      const second = [...TOKENS, ...stopped.tokens, 1, 2];
      expect(await answer(model, second, 6)).toEqual(await fresh((other) => answer(other, second, 6)));

      const controller = new AbortController();
      const aborted = model.generate(TOKENS, { ...greedy, maxTokens: 9, signal: controller.signal });
      await aborted.next();
      controller.abort();
      await aborted.text().catch(() => {});
      const logits = await model.extend([4]);
      const behind = aborted.tokens.slice(0, -1);
      const expected = await fresh((other) => other.extend([...TOKENS, ...behind, 4]));
      expect([...logits]).toEqual([...expected]);
    });
  });

  it("is right on another device, wherever the first was lost", async () => {
    const { data, weights } = pieces;
    const first = await fresh((other) => answer(other, TOKENS, 6));
    const second = [...TOKENS, ...first, 11];
    // What the device counts and draws must be where it was, too.
    const sampled = { temperature: 0.9, seed: 5, repetitionPenalty: 1.4, frequencyPenalty: 0.3 };
    const run = async (model: Model): Promise<unknown> => [
      await answer(model, TOKENS, 6),
      await answer(model, second, 4, sampled),
      await model.extend([4, 1]).then((logits) => logits.indexOf(Math.max(...logits))),
      await answer(model, [...second, 3], 2),
    ];
    const expected = await fresh(run);
    const make = (): Device => (profile.target === "js" ? new JsDevice() : new CpuDevice());
    const lostAt = async (at: number): Promise<LosableDevices> => {
      const devices = losableDevices(make, at);
      const reopen = (): Promise<Device> => Promise.resolve(devices.open());
      const model = await loadOn({ device: devices.open(), profile: data.profiles[0]!, reopen }, data, { weights, tokenizer: null }); // prettier-ignore
      expect(await run(model)).toEqual(expected);
      await model.close();
      return devices;
    };
    const { submissions } = await lostAt(Infinity);
    expect(submissions).toBeGreaterThan(20);
    for (let at = 0; at < submissions; at++) {
      // The warm-up of a load is many submissions alike.
      if (at < submissions - 25 && at % 7 > 0) continue;
      const { opened } = await lostAt(at);
      // A loss behind the last answer is never met.
      if (at < submissions - 8) expect(opened).toBe(2);
    }
  });
});
