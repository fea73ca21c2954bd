/** A compilation that goes only as far as a step: nothing behind it can refuse the model, or fail. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import { STEP_NAMES } from "../../../src/driver/steps.ts";
import type { Compilation } from "../../../src/driver/compile.ts";
import { inspectCompilation, lastStepFor } from "../../../src/driver/inspect.ts";
import type { TargetInfo } from "../../../src/kernel/target-info.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";

const text = `model Words(vocab: int = 64, dim: int = 8) {
  use embed: Embedding(vocab, dim)
  use head: Linear(dim, vocab)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] { return head(embed(tokens)) }
}
`;

function compiled(until: string | undefined, profile: TargetInfo = webgpuBase): Compilation {
  return compile({ path: "words.llm", text }, { profiles: [profile], entries: ["generate"], texts: true, until });
}

/** No device: whatever asks for what it can do fails. */
const absent: TargetInfo = {
  ...webgpuBase,
  get limits(): never {
    throw new RangeError("a stage behind the asked one ran");
  },
};

describe("a step of the tensor IR", () => {
  const early = ["canonicalize", "derive-extend", "derive-generate", "select-entries", "decompose"];

  it.each(early)("%s needs nothing of the device and nothing behind it", (step) => {
    const { builds, traces, diagnostics } = compiled(step, absent);
    expect([builds, diagnostics]).toEqual([[], []]);
    expect(traces[0]!.records.at(-1)).toMatchObject({ pass: step });
    expect(inspectCompilation(compiled(step), "tensor", step).text).toMatch(/^module "Words"/);
  });

  it("is shown where the profile cannot hold the model, which a build says", () => {
    const small = { ...webgpuBase, limits: { ...webgpuBase.limits, maxBindingBytes: 128 } };
    expect(compiled("fuse", small)).toMatchObject({ traces: [{ profile: small }], diagnostics: [] });
    for (const step of [undefined, "lower", "memory-plan"])
      expect(compiled(step, small)).toMatchObject({ builds: [], traces: [], diagnostics: [{ code: "LLM0401" }] });
  });
});

describe("every step", () => {
  it.each(STEP_NAMES)("%s is the last that ran, with the text that a whole build has of it", (step) => {
    const { traces } = compiled(step);
    const [build] = compiled(undefined).builds;
    const records = build!.records.slice(0, build!.records.map(({ pass }) => pass).lastIndexOf(step) + 1);
    expect(traces[0]!.records).toEqual(records);
    expect(inspectCompilation(compiled(step), "plan", step).text).toBe(records.at(-1)!.after);
  });

  it("of the whole tensor stage stands for `--stage tensor`; the other stages need a build", () => {
    expect(lastStepFor("tensor", undefined)).toBe("pack-weights");
    expect([lastStepFor("kernel", undefined), lastStepFor("plan", undefined)]).toEqual([undefined, undefined]);
    const whole = inspectCompilation(compiled(undefined), "tensor", undefined);
    expect(inspectCompilation(compiled("pack-weights"), "tensor", "pack-weights")).toEqual(whole);
  });
});
