/**
 * The CUDA C++ of whole models through NVIDIA's compiler, for Ampere and Hopper: not a word in the log, no spill. Every
 * entry of the examples, weights in each storage type.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { emitCudaUnit } from "../../codegen/cuda/emit.ts";
import type { CudaArch } from "../../src/cli/cuda-compiler.ts";
import { kernelTable } from "../../src/cli/cuda-table.ts";
import { compile } from "../../src/driver/compile.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { llmc } from "../package/command-line.ts";
import { ODD_PROGRAMS } from "../differential/odd-programs.ts";
import { useCudaTools } from "../support/use-cuda.ts";

const ARCHS: readonly CudaArch[] = ["sm_80", "sm_90a"];
const tools = useCudaTools();

function unitOf(example: string, storage: "f32" | "f16" | "bf16"): string {
  const file = path.join(import.meta.dirname, `../../examples/${example}/${example}.llm`);
  const source = { path: `${example}.llm`, text: readFileSync(file, "utf8") };
  const { builds, diagnostics } = compile(source, { profiles: [cudaSm80], entries: ["generate", "forward"], storage });
  expect(diagnostics).toEqual([]);
  return emitCudaUnit(builds[0]!.program.kernels);
}

/** Milliseconds for some hundred kernels on a loaded machine. */
const MANY = 300_000;

describe("programs unlike a language model", () => {
  const kernels = ODD_PROGRAMS.flatMap(({ name, text }, i) => {
    const options = { profiles: [cudaSm80], entries: ["forward"] as const, taps: true };
    const { builds } = compile({ path: `${name}.llm`, text }, options);
    return builds[0]!.program.kernels.map((kernel) => ({ ...kernel, name: `${kernel.name}_of_${i}` }));
  });

  it.each(ARCHS)("compile for %s without a word and without a spill", { timeout: MANY }, (arch) => {
    const result = tools().compile(emitCudaUnit(kernels), { arch, name: "odd.cu" });
    expect(result.log).toBe("");
    expect(result.ok).toBe(true);
    expect(result.kernels.filter((kernel) => kernel.spillStores + kernel.spillLoads > 0)).toEqual([]);
  });
});

describe.each(["moby", "gpt2", "llama"])("examples/%s", (example) => {
  it.each(["f32", "f16", "bf16"] as const)("compiles for %s without a word and without a spill", (storage) => {
    const text = unitOf(example, storage);
    const kernels = text.match(/^extern "C" __global__/gm)?.length;
    for (const arch of ARCHS) {
      const result = tools().compile(text, { arch, name: `${example}.cu` });
      expect(result.log).toBe("");
      expect(result.ok).toBe(true);
      expect(result.kernels).toHaveLength(kernels!);
      expect(result.kernels.filter((kernel) => kernel.spillStores + kernel.spillLoads > 0)).toEqual([]);
      if (example === "llama" && storage === "f16") process.stdout.write(`${kernelTable([result])}\n`);
    }
  });
});

it("is done by the command line where NVRTC is at hand", () => {
  const out = mkdtempSync(path.join(tmpdir(), "llmc-cuda-"));
  try {
    const source = path.join(import.meta.dirname, "../../examples/moby/moby.llm");
    const env = { CUDA_HOME: tools().folder };
    const { exitCode, stderr } = llmc(["build", source, "--target", "cuda", "--out", path.join(out, "moby")], { env });
    expect(stderr).toMatch(/^llmc: NVRTC 13\.\d+ compiled the \d+ CUDA kernels for sm_80 in .* without a remark\n$/);
    expect(exitCode).toBe(0);
  } finally {
    rmSync(out, { recursive: true });
  }
});
