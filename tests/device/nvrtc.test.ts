/**
 * CUDA C++ through NVIDIA's own compiler, without a GPU: clean texts leave an empty log, what is wrong in a text is seen,
 * and the figures of each kernel are those that two independent readers give: a plain search in the lines of ptxas, and
 * cuobjdump.
 */
import { describe, expect, it } from "vitest";
import { CudaCompilerError, openCudaCompiler } from "../../src/cli/cuda-compiler.ts";
import type { CudaArch, CudaResult } from "../../src/cli/cuda-compiler.ts";
import { kernelRows, kernelTable } from "../../src/cli/cuda-table.ts";
import { useCudaTools } from "../support/use-cuda.ts";
import { CLEAN, SPILLING } from "./handwritten-kernels.ts";

const ARCHS: readonly CudaArch[] = ["sm_80", "sm_90a"];
const tools = useCudaTools();

/** What ptxas says of one kernel in `Used 12 registers, used 1 barriers, 1024 bytes smem, 372 bytes cmem[0]`. */
function figuresOf({ figures }: CudaResult, kernel: string) {
  const of = figures.slice(figures.indexOf(`Function properties for ${kernel}\n`)).split("Compile time")[0]!;
  const number = (pattern: RegExp) => Number(pattern.exec(of)?.[1] ?? 0);
  return {
    registers: number(/Used (\d+) registers/),
    sharedBytes: number(/(\d+) bytes smem/),
    localBytes: number(/(\d+) bytes stack frame/),
    spillStores: number(/(\d+) bytes spill stores/),
    spillLoads: number(/(\d+) bytes spill loads/),
  };
}

/** What the binaries for sm_90 count in as the system's own, where a kernel has shared memory at all. */
function reserved(arch: CudaArch, sharedBytes: number) {
  return arch === "sm_90a" && sharedBytes > 0 ? 1024 : 0;
}

function expectReadersAgree(result: CudaResult) {
  const resources = tools().resources(result.cubin);
  expect([...resources.keys()].sort()).toEqual(result.kernels.map(({ name }) => name));
  for (const { name, registers, sharedBytes, localBytes, constantBytes, spillStores, spillLoads } of result.kernels) {
    expect(figuresOf(result, name)).toEqual({ registers, sharedBytes, localBytes, spillStores, spillLoads });
    expect(resources.get(name)).toMatchObject({
      REG: registers,
      SHARED: sharedBytes + reserved(result.arch, sharedBytes),
      STACK: localBytes,
      "CONSTANT[0]": constantBytes,
    });
  }
}

describe.each(ARCHS)("for %s", (arch) => {
  it.each(Object.entries(CLEAN))("compiles %s without a word", (_, { text, shared }) => {
    const result = tools().compile(text, { arch });
    expect(result).toMatchObject({ ok: true, arch, log: "" });
    expect(Object.fromEntries(result.kernels.map(({ name, sharedBytes }) => [name, sharedBytes]))).toEqual(shared);
    for (const kernel of result.kernels) {
      expect(kernel).toMatchObject({ spillStores: 0, spillLoads: 0, localBytes: 0 });
      expect(kernel.registers).toBeGreaterThan(7);
      expect(kernel.registers).toBeLessThan(129);
      expect(kernel.constantBytes).toBeGreaterThan(0);
    }
    expectReadersAgree(result);
  });

  it("reports a kernel that spills, in its figures and as a warning", () => {
    const result = tools().compile(SPILLING, { arch });
    expect(result.ok).toBe(true);
    expect(result.log).toMatch(/^ptxas warning : Registers are spilled to local memory in function 'crowded'/);
    const [kernel] = result.kernels;
    expect(kernel).toMatchObject({ name: "crowded", registers: 32 });
    expect(kernel!.spillStores).toBeGreaterThan(0);
    expect(kernel!.spillLoads).toBeGreaterThan(0);
    expect(kernel!.localBytes).toBeGreaterThan(0);
    expectReadersAgree(result);
    const roomy = tools().compile(SPILLING.replace("(1024, 2)", "(256)"), { arch });
    expect(roomy).toMatchObject({ log: "", kernels: [{ name: "crowded", spillStores: 0, spillLoads: 0 }] });
  });

  it("reads the four neighbours of a float4 at once", () => {
    const { cubin } = tools().compile(CLEAN["elementwise float4"]!.text, { arch });
    expect(tools().instructions(cubin)).toMatch(/LDG\.E\.128/);
    const scalar = tools().compile(CLEAN["a reduction of rows"]!.text, { arch });
    expect(tools().instructions(scalar.cubin)).not.toMatch(/LDG\.E\.128/);
  });
});

describe("what is wrong in a text", () => {
  const kernel = (body: string) => `extern "C" __global__ void k(float* x) {\n${body}\n}\n`;

  it("warns of an unused variable, with its line", () => {
    const { ok, log } = tools().compile(kernel("  int unused = 3;\n  x[0] = 1.0f;"), {
      arch: "sm_80",
      name: "model.cu",
    });
    expect(ok).toBe(true);
    expect(log).toMatch(/^model\.cu\(2\): warning #177-D: variable "unused" was declared but never referenced/);
    expect(log).toContain("    int unused = 3;\n        ^\n");
  });

  it("gives line and column of a syntax error, and no cubin", () => {
    const { ok, log, kernels, cubin } = tools().compile(kernel("  x[0] = 1.0f\n  x[1] = 2.0f;"), { arch: "sm_80" });
    expect({ ok, kernels, bytes: cubin.length }).toEqual({ ok: false, kernels: [], bytes: 0 });
    // The caret stands under the first token after the missing semicolon: line 3, column 3.
    expect(log).toMatch(/^kernel\.cu\(3\): error: expected a ";"\n {4}x\[1\] = 2\.0f;\n {4}\^\n/);
  });

  it("compiles the next text after one that failed", () => {
    expect(tools().compile(kernel("  x[0] = y;"), { arch: "sm_90a" }).ok).toBe(false);
    expect(tools().compile(kernel("  x[0] = 1.0f;"), { arch: "sm_90a" })).toMatchObject({ ok: true, log: "" });
  });

  it("reads texts that are not ASCII, and kernels that were given shared memory at the launch", () => {
    const text = `// π, 漢\nextern "C" __global__ void k(float* x) {\n  extern __shared__ float s[];\n  s[0] = x[0];\n  __syncthreads();\n  x[1] = s[0];\n}\n`;
    const result = tools().compile(text, { arch: "sm_80" });
    expect(result).toMatchObject({ ok: true, log: "", kernels: [{ name: "k", sharedBytes: 0 }] });
  });
});

describe("functions that kernels call", () => {
  it("are no kernels, and their stack counts for their callers", () => {
    const text = `
__device__ __noinline__ float pick(const float* x, int i) {
  float a[16];
  for (int j = 0; j < 16; j++) a[j] = x[j * 2];
  for (int j = 0; j < 16; j++) a[(int)a[j] & 15] += 1.0f;
  return a[i];
}
extern "C" __global__ void k(const float* x, float* y) { y[threadIdx.x] = pick(x, threadIdx.x & 15); }
`;
    const { log, kernels } = tools().compile(text, { arch: "sm_80" });
    expect(log).toBe("");
    expect(kernels.map(({ name }) => name)).toEqual(["k"]);
    expect(kernels[0]!.localBytes).toBeGreaterThanOrEqual(64);
  });
});

it("gives all kernels of all results as rows and as one table", () => {
  const results = [
    ...ARCHS.map((arch) => tools().compile(CLEAN["halves of both kinds"]!.text, { arch })),
    tools().compile(SPILLING, { arch: "sm_80" }),
  ];
  const names = ["scale_bf16", "scale_f16", "scale_bf16", "scale_f16", "crowded"];
  expect(kernelRows(results).map(({ name }) => name)).toEqual(names);
  const lines = kernelTable(results).split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["kernel", ...names, ""]);
  expect(lines[5]).toMatch(/^crowded {5}sm_80 +32 +0 +\d+ +\d+\+\d+ +\d+$/);
});

it("says which file a folder without the compiler lacks", async () => {
  await expect(openCudaCompiler("/nowhere")).rejects.toThrow(CudaCompilerError);
  await expect(openCudaCompiler("/nowhere")).rejects.toThrow(/\/nowhere\/lib has no file/);
});
