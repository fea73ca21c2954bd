/** Rounding to f16 and bf16 in registers, by every executor, against the bits that a store writes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { legalizeKernel } from "../../passes/kernel/legalize.ts";
import { fromBf16, fromF16, toBf16, toF16 } from "../../src/kernel/half.ts";
import { interpretKernel } from "../../src/kernel/interpret.ts";
import { parseKernel } from "../../src/kernel/parse.ts";
import { PROFILES, profileNamed } from "../../src/profiles/index.ts";
import { Rng } from "../../src/support/random.ts";
import { runKernelInJs } from "../support/js-kernel.ts";
import { POINTWISE } from "../support/kernel-texts.ts";
import { runKernelInWasm } from "../support/wasm-kernel.ts";
import { openAdapter, runKernelOnWebgpu } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

let adapter: OpenAdapter | undefined;
beforeAll(async () => {
  adapter = await openAdapter();
});
afterAll(() => adapter?.close());

const rng = new Rng(3);
/** Ties above and below an even and an odd number, normal and subnormal; the edges of both ranges. */
const FINITE = [
  ...[0, 65504, 65519, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -11 + 2 ** -20],
  ...[2 ** -14, 2 ** -14 - 2 ** -25, 2 ** -24, 2 ** -25, 3 * 2 ** -25, 2 ** -25 + 2 ** -40, 5 * 2 ** -25, 2 ** -26],
  ...Array.from({ length: 4000 }, () => rng.uniform() * 2 ** rng.int(-30, 15)),
].flatMap((x) => [x, -x]);
const UNUSUAL = [65520, -65520, 1e6, -3.4e38, 3.3961776e38, Infinity, -Infinity, NaN];

describe.each([
  ["round_f16", (x: number) => fromF16(toF16(x))],
  ["round_bf16", (x: number) => fromBf16(toBf16(x))],
] as const)("%s", (name, rounded) => {
  const kernel = parseKernel(POINTWISE.replace("{f}", name));
  const wide = parseKernel(POINTWISE.replace("{f}", name).replace(/f32/g, "f32x4"));
  const x = Float32Array.from([...FINITE, ...UNUSUAL]);
  const expected = [...x].map(rounded);
  const run = (execute: (buffers: Map<string, Float32Array>) => void, input = x): number[] => {
    const y = new Float32Array(input.length);
    execute(new Map([["x", input], ["y", y]])); // prettier-ignore
    return [...y];
  };

  it("is what a store and a load give, in the interpreter", () => {
    expect(run((buffers) => interpretKernel(kernel, buffers, { T: x.length }))).toEqual(expected);
  });

  it.each(PROFILES.map((info) => [info.name, info] as const))("is the same written out for %s", (_, info) => {
    expect(run((buffers) => interpretKernel(legalizeKernel(kernel, info), buffers, { T: x.length }))).toEqual(expected);
  });

  it("is the same in JavaScript", () => {
    const legal = legalizeKernel(kernel, profileNamed("js")!);
    expect(run((buffers) => runKernelInJs(legal, buffers, { T: x.length }))).toEqual(expected);
  });

  it("is the same in WebAssembly, in scalars and in vectors", () => {
    const info = profileNamed("cpu-simd")!;
    expect(run((b) => runKernelInWasm(legalizeKernel(kernel, info), b, { T: x.length }))).toEqual(expected);
    expect(run((b) => runKernelInWasm(legalizeKernel(wide, info), b, { T: x.length / 4 }))).toEqual(expected);
  });

  // WGSL may assume that there is no infinity and no NaN, and may flush subnormal numbers.
  it.for(["webgpu-base", "webgpu-gpu"])(
    "is the same on the adapter for %s, where WGSL promises it",
    async (profile, { skip }) => {
      if (adapter === undefined) return skip("no WebGPU adapter on this machine");
      const input = Float32Array.from(FINITE.filter((value) => value === 0 || Math.abs(value) >= 2 ** -13));
      const legal = legalizeKernel(kernel, profileNamed(profile)!);
      const y = new Float32Array(input.length);
      await runKernelOnWebgpu(adapter.device, legal, new Map([["x", input], ["y", y]]), { T: input.length }); // prettier-ignore
      expect([...y]).toEqual([...input].map(rounded));
    },
  );
});
