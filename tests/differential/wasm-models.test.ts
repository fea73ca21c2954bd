/**
 * Moby on the target `cpu`: the recorded tokens, the same bits on 1, 2 and 4 threads, and workers that end with the
 * model.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { OptionError } from "../../src/runtime/errors.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";
import { loadModel } from "../../src/runtime/index.ts";
import type { Generation, LoadOptions, Model, PackageData } from "../../src/runtime/index.ts";

const root = path.resolve(import.meta.dirname, "../..");
const moby = (name: string): string => path.join(root, "examples/moby", name);
const recorded = JSON.parse(readFileSync(path.join(root, "tests/fixtures/moby/expected.json"), "utf8")) as {
  readonly prompts: Readonly<
    Record<string, { readonly tokens: readonly number[]; readonly greedy: readonly number[] }>
  >;
};

function build(profile: TargetInfo, entries: readonly ("generate" | "forward")[], chunk?: number): PackageData {
  const file = { path: "examples/moby/moby.llm", text: readFileSync(moby("moby.llm"), "utf8") };
  return packageData(artifactOf(compile(file, { profiles: [profile], entries, chunk }), "moby", "0.0.0"));
}

const load = (data: PackageData, options: LoadOptions): Promise<Model> =>
  loadModel(data, { weights: moby("model.safetensors"), tokenizer: null, ...options });

/** Worker threads of this process that run. */
const workers = (): number => (process.report.getReport() as { readonly workers: readonly unknown[] }).workers.length;

describe.each(CPU_PROFILES)("moby on $name", (profile) => {
  const data = build(profile, ["generate", "forward"]);
  const prompts = Object.values(recorded.prompts);

  it("continues as recorded, on one thread and on two", async () => {
    for (const threads of [1, 2]) {
      const model = await load(data, { threads });
      expect(model.device).toMatchObject({ target: "cpu", profile: profile.name, isSoftware: true });
      for (const { tokens, greedy } of prompts) {
        const generation = model.generate(tokens, { temperature: 0, maxTokens: greedy.length, stopAtEos: false });
        for await (const piece of generation) expect(piece).toBe("");
        expect(generation.tokens).toEqual(greedy);
      }
      await model.close();
    }
  });

  it("gives the same bits on 1, 2 and 4 threads", async () => {
    const tokens = Array.from({ length: 37 }, (_, i) => (i * 101) % 1024);
    const logits: Uint8Array[] = [];
    for (const threads of [1, 2, 4]) {
      const model = await load(data, { threads });
      const found = await model.forward(tokens);
      logits.push(new Uint8Array(found.buffer, found.byteOffset, found.byteLength));
      await model.close();
    }
    expect(logits[0]!.some((byte) => byte !== 0)).toBe(true);
    expect(logits[1]).toEqual(logits[0]);
    expect(logits[2]).toEqual(logits[0]);
  });

  it("has as many workers as threads but one, and none after close", async () => {
    const before = workers();
    const model = await load(data, { threads: 3 });
    expect(workers()).toBe(before + 2);
    await model.close();
    await expect.poll(workers, { interval: 20 }).toBe(before);
  });

  /** Ways to abort a generation; each gives the signal's controller its turn at another point. */
  const ABORTS: readonly (readonly [string, (generation: Generation, abort: () => void) => Promise<unknown>])[] = [
    ["before it began", async (generation, abort) => (abort(), generation.text())],
    ["in the prefill", async (generation, abort) => {
      const first = generation.next();
      abort();
      await first;
    }],
    ["in the turn behind the prefill", async (generation, abort) => {
      setImmediate(abort);
      await generation.text();
    }],
    ["in a step", async (generation, abort) => {
      for (let i = 0; i < 3; i++) await generation.next();
      const next = generation.next();
      abort();
      await next;
      await generation.next();
    }],
    ["by a timer", async (generation, abort) => {
      setTimeout(abort, 3);
      await generation.text();
    }],
  ]; // prettier-ignore

  it.each(ABORTS)("gives the recorded tokens after a generation that was aborted %s", async (_, run) => {
    const model = await load(data, { threads: 2 });
    const [first, second] = prompts;
    for (const { tokens, greedy } of [first!, first!, second!]) {
      const controller = new AbortController();
      const options = { temperature: 0, maxTokens: 60, stopAtEos: false, signal: controller.signal };
      const aborted = model.generate(first!.tokens, options);
      await expect(run(aborted, () => controller.abort())).rejects.toThrow(/abort/);
      expect(aborted.tokens).toEqual(first!.greedy.slice(0, aborted.tokens.length));
      expect(aborted.tokens.length).toBeLessThan(60);
      const after = model.generate(tokens, { temperature: 0, maxTokens: 30, stopAtEos: false });
      await after.text();
      expect(after.tokens).toEqual(greedy.slice(0, 30));
    }
    await model.close();
  });

  it("does not keep the next call waiting for the rest of a long prompt that was aborted", async () => {
    const model = await load(build(profile, ["generate"], 2), { threads: 2 });
    const prompt = Array.from({ length: 512 }, (_, i) => (i * 101) % 1024);
    const { tokens, greedy } = prompts[0]!;
    const short = { temperature: 0, maxTokens: 1, stopAtEos: false };
    const seconds = async (run: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await run();
      return (performance.now() - started) / 1000;
    };
    const whole = async (): Promise<number> => {
      await model.generate(tokens, short).text();
      return seconds(() => model.generate(prompt, short).text());
    };
    await whole();
    const uninterrupted = await whole();
    await model.generate(tokens, short).text();
    const controller = new AbortController();
    const aborted = model.generate(prompt, { ...short, signal: controller.signal }).text();
    setImmediate(() => controller.abort());
    await expect(aborted).rejects.toThrow(/abort/);
    const after = model.generate(tokens, short);
    // At most two chunks of the 256 are still under way.
    expect(await seconds(() => after.text())).toBeLessThan(uninterrupted / 4);
    expect(after.tokens).toEqual(greedy.slice(0, 1));
    await model.close();
  });

  it("refuses a number of threads that makes no sense", async () => {
    await expect(load(data, { threads: 0 })).rejects.toThrow(OptionError);
    await expect(load(data, { threads: 1.5 })).rejects.toThrow(/threads must be an integer/);
  });

  it("says so where the package has no module, or a wrong one", async () => {
    const program = { kernels: [], buffers: [], ranges: [], grids: [], plans: [] };
    await expect(new CpuDevice().prepare(program, {}, () => 0)).rejects.toThrow(/no WebAssembly module/);
    await expect(new CpuDevice().prepare(program, { wasm: btoa("nothing") }, () => 0)).rejects.toThrow(/refuses/);
  });
});
