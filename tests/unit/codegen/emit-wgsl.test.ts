/** Emitted WGSL: valid for Dawn (its null backend validates without a driver), and readable. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emitWgsl } from "../../../codegen/wgsl/emit.ts";
import { legalizeKernel } from "../../../passes/kernel/legalize.ts";
import { simplifyKernel } from "../../../passes/kernel/simplify-index.ts";
import type { Kernel } from "../../../src/kernel/ir.ts";
import { renameValues } from "../../../src/kernel/rename.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { profileNamed } from "../../../src/profiles/index.ts";
import { MATRIX_INSTRUCTION, MIXED, ODD_HALVES, PACKED_PRODUCT, POINTWISE, REVERSE, STEADY_LOOP, TWO_PASS_REDUCTION } from "../../support/kernel-texts.ts"; // prettier-ignore
import { openAdapter, validateWgsl } from "../../support/webgpu.ts";
import type { OpenAdapter } from "../../support/webgpu.ts";

const base = profileNamed("webgpu-base")!;
const legal = (text: string): Kernel => simplifyKernel(legalizeKernel(parseKernel(text), base));

let dawn: OpenAdapter;
beforeAll(async () => {
  dawn = (await openAdapter("null"))!;
});
afterAll(() => dawn.close());

const functions = ["exp", "log", "sin", "cos", "tanh", "erf", "sqrt", "rsqrt", "abs", "neg", "floor"];
const valid: readonly (readonly [string, string])[] = [
  ["packed product", PACKED_PRODUCT],
  ["two-pass reduction", TWO_PASS_REDUCTION],
  ["a loop with barriers over a reduced value", STEADY_LOOP],
  ["halves of an unknown number", ODD_HALVES],
  ["reverse", REVERSE],
  ["mixed", MIXED.replace(' requires("f16")', "")],
  ...functions.map((name) => [name, POINTWISE.replace("{f}", name)] as const),
  ["minus infinity", POINTWISE.replace("%result = {f} %value", "%m = const -inf : f32\n %result = max %value, %m")],
  ["reserved words", REVERSE.replaceAll("%lane", "%var").replaceAll("%tile", "%select")],
  ["bits", POINTWISE.replace("%result = {f} %value : f32", "%b = bitcast %value : i32\n %five = const 5 : i32\n %c = shr %b, %five : i32\n %d = and %c, %size : i32\n %e = or %d, %b : i32\n %result = cast %e : f32")], // prettier-ignore
];

describe("emitted WGSL", () => {
  it.each(valid)("of %s is valid", async (_name, text) => {
    expect(await validateWgsl(dawn.device, emitWgsl(legal(text)))).toEqual([]);
  });

  it("is refused by Dawn where it is wrong", async () => {
    const broken = emitWgsl(legal(REVERSE)).replace("let value = x[", "let value: i32 = x[");
    expect((await validateWgsl(dawn.device, broken))[0]).toMatch(/^\d+:\d+ /);
  });

  it("reads like this", () => {
    expect(emitWgsl(legal(PACKED_PRODUCT))).toMatchInlineSnapshot(`
      "// kernel @packed_product(%a: read f32[4*K], %b: read f32x4[2*K], %out: write f32x4[8]) scalars(%K: call i32) workgroup(1, 1, 1) grid(ceil(2, 1), ceil(4, 1), 1)

      @group(0) @binding(0) var<storage, read> a: array<f32>;
      @group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
      @group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
      struct CallScalars { K: i32 }
      @group(0) @binding(3) var<uniform> call: CallScalars;

      @compute @workgroup_size(1, 1, 1)
      fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>) {
        let panel = i32(workgroup_id.x);
        let row = i32(workgroup_id.y);
        let a_start = row * call.K;
        let b_start = panel * call.K;
        var sum: vec4<f32> = vec4<f32>(0.0);
        for (var k = 0; k < call.K; k++) {
          let a_value = a[a_start + k];
          let b_lanes = b[b_start + k];
          sum = fma(vec4<f32>(a_value), b_lanes, sum);
        }
        out[row * 2 + panel] = sum;
      }
      "
    `);
  });

  it("names what the kernel leaves unnamed", () => {
    const text = emitWgsl(renameValues(legal(PACKED_PRODUCT), () => ""));
    expect(text).toContain("sum = fma(");
    expect(text).toContain("let offset = workgroup_y * call.K;");
    expect(text).not.toMatch(/\bv(_\d+)?\b/);
  });

  it("refuses what was not legalized", () => {
    expect(() => emitWgsl(parseKernel(TWO_PASS_REDUCTION))).toThrow(/workgroup_reduce: legalize/);
    expect(() => emitWgsl(parseKernel(MATRIX_INSTRUCTION))).toThrow(/WGSL has no mma_16x8x16/);
  });

  it("keeps the parentheses that floats need", () => {
    const grouped = (op: string): string =>
      POINTWISE.replace(
        "%result = {f} %value : f32",
        `%d = sub %value, %value : f32\n %result = ${op} %value, %d : f32`,
      );
    expect(emitWgsl(legal(grouped("sub")))).toContain("= value - (value - value);");
    expect(emitWgsl(legal(grouped("mul")))).toContain("= value * (value - value);");
  });
});
