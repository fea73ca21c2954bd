/** Every word that some language keeps, as a kernel, a buffer and a value: NVRTC and g++ take all. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { emitCudaUnit } from "../../codegen/cuda/emit.ts";
import { kernelName } from "../../codegen/cuda/names.ts";
import { legalizeKernel } from "../../passes/kernel/legalize.ts";
import { parseKernel } from "../../src/kernel/parse.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { compileProgram } from "../support/cuda-toolchain.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { RISKY_WORDS, kernelWith } from "../support/risky-words.ts";
import { useCudaTools } from "../support/use-cuda.ts";

/** Milliseconds for eight hundred kernels on a loaded machine. */
const MANY = 600_000;

const names = RISKY_WORDS.flatMap((word) => [
  { word, role: "buffer" as const, kernel: word },
  { word, role: "value" as const, kernel: `of_${word}` },
]);
const unit = emitCudaUnit(
  names.map(({ word, role, kernel }) => legalizeKernel(parseKernel(kernelWith(word, role, kernel)), cudaSm80)),
);

describe("with NVRTC", () => {
  const tools = useCudaTools();
  it("compiles without a word", { timeout: MANY }, () => {
    const { log, kernels } = tools().compile(unit, { arch: "sm_80", name: "words.cu" });
    expect(log).toBe("");
    expect(kernels.map(({ name }) => name).sort()).toEqual(names.map(({ kernel }) => kernelName(kernel)).sort());
  });
});

describe("in the simulator", () => {
  it("compiles without a word", { timeout: MANY }, async ({ skip }) => {
    const problem = simProblem();
    if (problem !== undefined) skip(problem);
    const folder = mkdtempSync(path.join(tmpdir(), "risky-words-"));
    try {
      await compileProgram({ "words.cu": unit }, path.join(folder, "words"), { hasServer: true });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
