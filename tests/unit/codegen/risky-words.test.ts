/** Every word that WGSL or its drafts keep, and C++'s too, as a buffer, a scalar, workgroup memory and a value: Dawn takes all. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isReserved as isReservedInCuda, kernelName } from "../../../codegen/cuda/names.ts";
import { distinctNames } from "../../../codegen/text/memory-names.ts";
import { emitWgsl } from "../../../codegen/wgsl/emit.ts";
import { isReserved } from "../../../codegen/wgsl/names.ts";
import { legalizeKernel } from "../../../passes/kernel/legalize.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { profileNamed } from "../../../src/profiles/index.ts";
import { RISKY_WORDS, ROLE_NAMES, kernelWith } from "../../support/risky-words.ts";
import { openAdapter, validateWgsl } from "../../support/webgpu.ts";
import type { OpenAdapter } from "../../support/webgpu.ts";

const base = profileNamed("webgpu-base")!;

describe("words that a language keeps for itself", () => {
  let dawn: OpenAdapter;
  beforeAll(async () => {
    dawn = (await openAdapter("null"))!;
  });
  afterAll(() => dawn.close());

  it.each(ROLE_NAMES)("as a %s give WGSL that Dawn takes", async (role) => {
    const refused = [];
    for (const word of RISKY_WORDS) {
      const text = emitWgsl(legalizeKernel(parseKernel(kernelWith(word, role, "k")), base));
      refused.push(...(await validateWgsl(dawn.device, text)).map((message) => `${word}: ${message}`));
    }
    expect(refused).toEqual([]);
  });

  it("are few: ordinary names stay what they are", () => {
    for (const name of ["weight", "q_proj_weight", "tokens", "K", "x_", "filters", "null_space", "Value", "constant"]) {
      expect([name, isReserved(name), isReservedInCuda(name)]).toEqual([name, false, false]);
    }
  });
});

describe("distinctNames", () => {
  const named = (...names: readonly string[]): readonly string[] =>
    distinctNames(names.map((name) => ({ name, suffix: "buffer" })), isReserved); // prettier-ignore

  it("gives a reserved name no name that another has, before it or behind", () => {
    expect(named("filter", "filter_buffer")).toEqual(["filter_buffer_1", "filter_buffer"]);
    expect(named("__x", "_x", "x_buffer", "__")).toEqual(["x_buffer_1", "x_buffer_2", "x_buffer", "buffer"]);
  });
});

describe("kernelName", () => {
  it("gives different kernels different functions, none of them the library's", () => {
    const names = ["sin", "sin_kernel", "_t", "kernel__t", "kernel_t", "size_t", "size_t_kernel", "q_proj", "NULL"];
    const functions = names.map(kernelName);
    expect(new Set(functions).size).toBe(names.length);
    expect(functions).toContain("q_proj");
    expect(kernelName("memcpy")).toBe("memcpy_kernel");
  });
});
