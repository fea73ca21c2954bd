/** The log of NVIDIA's compiler in figures and messages, and the table of figures: text to text, on any machine. */
import { describe, expect, it } from "vitest";
import { parseCompilerLog } from "../../src/cli/cuda-log.ts";
import type { CudaResult } from "../../src/cli/cuda-compiler.ts";
import { kernelTable } from "../../src/cli/cuda-table.ts";

const FIGURES = `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'spill' for 'sm_80'
ptxas info    : Function properties for spill
ptxas         .     1072 bytes stack frame, 1152 bytes spill stores, 1240 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers, 1072 bytes cumulative stack size, 368 bytes cmem[0]
ptxas info    : Compile time = 33.542 ms
ptxas info    : Compiling entry function 'sum' for 'sm_80'
ptxas info    : Function properties for sum
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 12 registers, used 1 barriers, 1024 bytes smem, 372 bytes cmem[0]
ptxas info    : Compile time = 1.792 ms`;

describe("the log of a compilation", () => {
  it("is empty where ptxas printed figures only", () => {
    const { messages, figures, kernels } = parseCompilerLog(`${FIGURES}\n \n`);
    expect(messages).toBe("");
    expect(figures).toBe(FIGURES);
    expect([...kernels]).toEqual([
      ["spill", { sharedBytes: 0, spillStores: 1152, spillLoads: 1240 }],
      ["sum", { sharedBytes: 1024, spillStores: 0, spillLoads: 0 }],
    ]);
  });

  it("keeps warnings of both compilers, and what ptxas calls info but is no figure", () => {
    const said = [
      'k.cu(3): warning #177-D: variable "unused" was declared but never referenced',
      "ptxas warning : Registers are spilled to local memory in function 'spill', 8 bytes spill stores, 8 bytes spill loads",
      "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized",
      "ptxas application ptx input, line 129; warning : Program is doing double precision computations.",
    ];
    const { messages, kernels } = parseCompilerLog([...said, FIGURES].join("\n"));
    expect(messages).toBe(said.join("\n"));
    expect(kernels.get("spill")).toMatchObject({ spillStores: 1152 });
  });
});

it("draws a table with aligned columns, and only its head where there is no kernel", () => {
  const kernel = { sharedBytes: 0, localBytes: 0, spillStores: 0, spillLoads: 0 };
  const result: CudaResult = {
    ok: true,
    arch: "sm_90a",
    log: "",
    figures: "",
    seconds: 0.1,
    cubin: new Uint8Array(),
    kernels: [
      { ...kernel, name: "axpy", registers: 16, constantBytes: 376 },
      { ...kernel, name: "crowded_product", registers: 128, constantBytes: 540, localBytes: 96, spillStores: 8, spillLoads: 12 }, // prettier-ignore
    ],
  };
  expect(kernelTable([result])).toBe(
    [
      "kernel           arch    registers  shared  local  spills  constants",
      "axpy             sm_90a         16       0      0       0        376",
      "crowded_product  sm_90a        128       0     96    8+12        540",
      "",
    ].join("\n"),
  );
  expect(kernelTable([]).split("\n")).toHaveLength(2);
});
