/** Emitted CUDA C++ as a person reads it. That it compiles and what it computes is tested in `tests/device`. */
import { describe, expect, it } from "vitest";
import { emitCuda, emitCudaUnit } from "../../../codegen/cuda/emit.ts";
import { legalizeKernel } from "../../../passes/kernel/legalize.ts";
import { simplifyKernel } from "../../../passes/kernel/simplify-index.ts";
import type { Kernel } from "../../../src/kernel/ir.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { cudaSm80 } from "../../../src/profiles/cuda.ts";
import { HALF_PAIRS, MATRIX_INSTRUCTION, PACKED_PRODUCT, POINTWISE, REDUCTION, REVERSE } from "../../support/kernel-texts.ts"; // prettier-ignore

const legal = (text: string): Kernel => simplifyKernel(legalizeKernel(parseKernel(text), cudaSm80));
const reduction = (lanes: number): Kernel => legal(REDUCTION.replaceAll("{lanes}", `${lanes}`).replace("{op}", "add"));

describe("emitted CUDA", () => {
  it("reads like this", () => {
    expect(emitCudaUnit([legal(PACKED_PRODUCT)])).toMatchInlineSnapshot(`
      "__device__ inline float4 fmaf(float4 a, float4 b, float4 c) {
        return make_float4(fmaf(a.x, b.x, c.x), fmaf(a.y, b.y, c.y), fmaf(a.z, b.z, c.z), fmaf(a.w, b.w, c.w));
      }

      // kernel @packed_product(%a: read f32[4*K], %b: read f32x4[2*K], %out: write f32x4[8]) scalars(%K: call i32) workgroup(1, 1, 1) grid(ceil(2, 1), ceil(4, 1), 1)
      extern "C" __global__ void __launch_bounds__(1, 1)
      packed_product(
        const float* __restrict__ a,
        const float4* __restrict__ b,
        float4* __restrict__ out,
        int K
      ) {
        const int panel = int(blockIdx.x);
        const int row = int(blockIdx.y);
        const int a_start = row * K;
        const int b_start = panel * K;
        float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        for (int k = 0; k < K; k++) {
          const float a_value = a[a_start + k];
          const float4 b_lanes = b[b_start + k];
          sum = fmaf(make_float4(a_value, a_value, a_value, a_value), b_lanes, sum);
        }
        out[row * 2 + panel] = sum;
      }
      "
    `);
  });

  it("says once what several kernels call, and nothing that none calls", () => {
    const text = emitCudaUnit([reduction(32), { ...reduction(64), name: "other" }]);
    expect(text.match(/inline float warp_sum\(/g)).toHaveLength(1);
    expect(text).not.toContain("cuda_fp16.h");
    expect(text).not.toContain("warp_max");
  });

  it("reduces by warps only where all lanes of a warp are there", () => {
    expect(emitCuda(reduction(32))).toContain("warp_sum(");
    expect(emitCuda(reduction(16))).not.toContain("warp_sum(");
  });

  it("reads halves in vectors through structs, f16 and bf16", () => {
    const unit = (element: string): string => emitCudaUnit([legal(HALF_PAIRS.replace("{content}", element))]);
    expect(unit("f16")).toContain("struct alignas(8) half4 {\n  __half x, y, z, w;\n};");
    expect(unit("f16")).toContain("#include <cuda_fp16.h>");
    expect(unit("bf16")).toContain("to_float4(h[");
    expect(unit("bf16")).toContain("#include <cuda_bf16.h>");
  });

  it("calls nothing like a word of C++ or a function of its library", () => {
    const renamed = legal(REVERSE.replaceAll("%lane", "%class").replaceAll("%tile", "%threadIdx").replace("@reverse", "@exp")); // prettier-ignore
    expect(emitCuda(renamed)).toContain("\nexp_kernel(");
    expect(emitCuda(renamed)).not.toMatch(/\b(int|float) class\b/);
    expect(emitCuda(renamed)).toContain("threadIdx_buffer[");
  });

  it("has infinities and functions of its own, and operators on vectors", () => {
    expect(emitCuda(legal(POINTWISE.replace("{f}", "erf")))).toContain("erff(");
    const infinite = POINTWISE.replace("%result = {f} %value", "%m = const -inf : f32\n %result = max %value, %m");
    expect(emitCuda(legal(infinite))).toContain("larger(value, -__int_as_float(0x7f800000))");
    const wide = POINTWISE.replace("{f}", "exp").replaceAll("f32", "f32x4");
    expect(emitCudaUnit([legal(wide)])).toContain("inline float4 expf(float4 a) {");
  });

  it("refuses an intrinsic that it does not know", () => {
    expect(() => emitCuda(parseKernel(MATRIX_INSTRUCTION))).toThrow(/CUDA has no mma_16x8x16/);
  });
});
