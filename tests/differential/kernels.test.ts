/**
 * Kernels in every executor: interpreter, emitted JavaScript, WGSL on a real adapter. And the written-out functions
 * (exp, tanh, ...) against f64, in ulp of f32, over all magnitudes.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { legalizeKernel } from "../../passes/kernel/legalize.ts";
import { simplifyKernel } from "../../passes/kernel/simplify-index.ts";
import { erf } from "../../src/kernel/erf.ts";
import { toBf16, toF16 } from "../../src/kernel/half.ts";
import { interpretKernel } from "../../src/kernel/interpret.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import { parseKernel } from "../../src/kernel/parse.ts";
import { verifyKernel } from "../../src/kernel/verify.ts";
import { profileNamed } from "../../src/profiles/index.ts";
import { Rng } from "../../src/support/random.ts";
import { runKernelInJs } from "../support/js-kernel.ts";
import { MIXED, PACKED_PRODUCT, POINTWISE, REDUCTION, REVERSE, TWO_PASS_REDUCTION } from "../support/kernel-texts.ts";
import { openAdapter, runKernelOnWebgpu } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const base = profileNamed("webgpu-base")!;
const js = profileNamed("js")!;

let adapter: OpenAdapter | undefined;
beforeAll(async () => {
  adapter = await openAdapter();
  if (adapter === undefined) console.log("skipped: kernels on WebGPU, because there is no adapter");
});
afterAll(() => adapter?.close());

interface Case {
  readonly name: string;
  readonly text: string;
  readonly buffers: () => Map<string, Bytes>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly output: string;
}

const integers = (count: number, seed: number): Float32Array => {
  const rng = new Rng(seed);
  return Float32Array.from({ length: count }, () => rng.int(-8, 9));
};

const CASES: readonly Case[] = [
  {
    name: "reverse",
    text: REVERSE,
    buffers: () => new Map([["x", integers(8, 1)], ["out", new Float32Array(8)]]), // prettier-ignore
    scalars: {},
    output: "out",
  },
  {
    name: "packed product",
    text: PACKED_PRODUCT,
    buffers: () => new Map([["a", integers(20, 2)], ["b", integers(40, 3)], ["out", new Float32Array(32)]]), // prettier-ignore
    scalars: { K: 5 },
    output: "out",
  },
  {
    name: "two-pass reduction",
    text: TWO_PASS_REDUCTION.replaceAll("10", "16"),
    buffers: () => new Map([["x", integers(48, 4)], ["out", new Float32Array(3)]]), // prettier-ignore
    scalars: { T: 3 },
    output: "out",
  },
  {
    name: "halves, exchange, unrolled private memory",
    text: MIXED.replace(' requires("f16")', ""),
    buffers: () =>
      new Map<string, Bytes>([
        ["h", Uint16Array.from([1, 2, 3, 4, 5, 6, 7.5, 8], toF16)],
        ["half", Uint16Array.from([0.5, -1, -2.25, 0], toF16)],
        ["out", new Float32Array(4)],
      ]),
    scalars: {},
    output: "out",
  },
  {
    name: "bf16",
    text: MIXED.replace(' requires("f16")', "").replaceAll("f16", "bf16"),
    buffers: () =>
      new Map<string, Bytes>([
        ["h", Uint16Array.from([1, 2, 3, 4, 5, 6, 7.5, 8], toBf16)],
        ["half", Uint16Array.from([0.5, -1, -2.25, 0], toBf16)],
        ["out", new Float32Array(4)],
      ]),
    scalars: {},
    output: "out",
  },
];

describe.each(CASES)("$name", ({ text, buffers, scalars, output }) => {
  const kernel = parseKernel(text);
  const inInterpreter = (of: Kernel): number[] => {
    // After legalization a buffer of halves is one of words: the same bytes.
    const own = buffers();
    for (const buffer of of.buffers) own.set(buffer.name, as(buffer.element, own.get(buffer.name)!));
    interpretKernel(of, own, scalars);
    return [...own.get(output)!];
  };

  it("is the same after legalize and simplify-index", () => {
    const expected = inInterpreter(kernel);
    expect(expected.some((x) => x !== 0)).toBe(true);
    for (const info of [base, js])
      for (const changed of [
        legalizeKernel(kernel, info),
        simplifyKernel(kernel),
        simplifyKernel(legalizeKernel(kernel, info)),
      ]) {
        expect(verifyKernel(changed)).toEqual([]);
        expect(inInterpreter(changed)).toEqual(expected);
      }
  });

  it("is the same in JavaScript", () => {
    const own = wordsOf(legalizeKernel(kernel, js), buffers());
    runKernelInJs(simplifyKernel(legalizeKernel(kernel, js)), own, scalars);
    expect([...own.get(output)!]).toEqual(inInterpreter(kernel));
  });

  it("is the same on the adapter", async ({ skip }) => {
    if (adapter === undefined) return skip("no WebGPU adapter on this machine");
    for (const legal of [legalizeKernel(kernel, base), simplifyKernel(legalizeKernel(kernel, base))]) {
      const own = wordsOf(legal, buffers());
      await runKernelOnWebgpu(adapter.device, legal, own, scalars);
      expect([...own.get(output)!]).toEqual(inInterpreter(kernel));
    }
  });
});

describe("a reduction by subgroups", () => {
  it.for(["add", "max", "min"])("%s is right on the adapter", async (op, { skip }) => {
    if (!adapter?.device.features.has("subgroups")) return skip("the adapter has no subgroups");
    for (const lanes of [2, 8, 64, 128]) {
      const text = REDUCTION.replaceAll("{op}", op).replaceAll("{lanes}", `${lanes}`);
      const legal = simplifyKernel(legalizeKernel(parseKernel(text), { ...base, hasSubgroups: true }));
      expect(legal.requires).toEqual(["subgroups"]);
      const buffers = (): Map<string, Bytes> => new Map([["x", integers(3 * lanes, 5)], ["y", new Float32Array(3 * lanes)]]); // prettier-ignore
      const [own, expected] = [buffers(), buffers()];
      await runKernelOnWebgpu(adapter.device, legal, own, { T: 3 });
      interpretKernel(parseKernel(text), expected, { T: 3 });
      expect([...own.get("y")!]).toEqual([...expected.get("y")!]);
    }
  });
});

function as(element: string, data: Bytes): Bytes {
  if (element !== "u32" || !(data instanceof Uint16Array)) return data;
  const padded = new Uint16Array(Math.ceil(data.length / 2) * 2);
  padded.set(data);
  return new Uint32Array(padded.buffer);
}

function wordsOf(kernel: Kernel, buffers: Map<string, Bytes>): Map<string, Bytes> {
  return new Map(kernel.buffers.map(({ name, element }) => [name, as(element, buffers.get(name)!)]));
}

/** Largest error of the outputs in ulp of f32; below the smallest normal number a subnormal may be 0. */
function worstUlp(x: Float32Array, y: Float32Array, f: (x: number) => number, absolute: number): string {
  let worst = 0;
  let at = 0;
  x.forEach((value, i) => {
    const exact = f(value);
    const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(exact)))) - 23);
    const error = Math.max(0, Math.abs(y[i]! - exact) - absolute - (Math.abs(exact) < 2 ** -126 ? 2 ** -126 : 0)) / ulp;
    if (!(error <= worst)) [worst, at] = [error, value];
  });
  return `${worst.toFixed(2)} ulp at ${at}`;
}

const stratified = (from: number, to: number, signed: boolean): Float32Array => {
  const rng = new Rng(11);
  const sample: number[] = [];
  for (let exponent = from; exponent <= to; exponent++)
    for (let i = 0; i < 128; i++) sample.push((signed && i % 2 ? -1 : 1) * (1 + rng.uniform()) * 2 ** exponent);
  return Float32Array.from(sample);
};

/** Function, meaning, inputs, bound in ulp, absolute slack. */
const FUNCTIONS: readonly (readonly [string, (x: number) => number, Float32Array, number, number])[] = [
  ["exp", Math.exp, stratified(-30, 5, true).filter((x) => x < 88.7), 2, 0],
  ["exp", Math.exp, Float32Array.of(-1e30, -200, -104, -103, -88, 0, -0, 88.7), 2, 0],
  ["log", Math.log, stratified(-120, 120, false), 1.5, 0],
  ["tanh", Math.tanh, stratified(-30, 30, true), 2, 0],
  ["erf", erf, stratified(-30, 30, true), 2, 0],
  ["sin", Math.sin, stratified(-30, 11, true), 1, 2 ** -24],
  ["cos", Math.cos, stratified(-30, 11, true), 1, 2 ** -24],
];

describe.each(FUNCTIONS)("%s in f32", (name, f, x, bound, absolute) => {
  const kernel = parseKernel(POINTWISE.replace("{f}", name));
  const withoutAny = { ...js, accurate: [] };

  it("keeps its bound in JavaScript", () => {
    const y = new Float32Array(x.length);
    runKernelInJs(legalizeKernel(kernel, withoutAny), new Map([["x", x], ["y", y]]), { T: x.length }); // prettier-ignore
    const worst = worstUlp(x, y, f, absolute);
    expect(Number.parseFloat(worst), worst).toBeLessThanOrEqual(bound);
  });

  it("keeps its bound on the adapter", async ({ skip }) => {
    if (adapter === undefined) return skip("no WebGPU adapter on this machine");
    const y = new Float32Array(x.length);
    await runKernelOnWebgpu(adapter.device, legalizeKernel(kernel, base), new Map([["x", x], ["y", y]]), { T: x.length }); // prettier-ignore
    const worst = worstUlp(x, y, f, absolute);
    expect(Number.parseFloat(worst), worst).toBeLessThanOrEqual(bound);
  });
});

it("writes pow out: signs, zero, and its bound", () => {
  const powered = (x: Float32Array, exponent: string): Float32Array => {
    const text = POINTWISE.replace("{f} %value", "pow %value, %e").replace(
      /%size = .*/,
      `$&\n %e = const ${exponent} : f32`,
    );
    const y = new Float32Array(x.length);
    runKernelInJs(legalizeKernel(parseKernel(text), { ...js, accurate: [] }), new Map([["x", x], ["y", y]]), { T: x.length }); // prettier-ignore
    return y;
  };
  const x = Float32Array.of(-2, -0.5, 0.5, 1, 2, 7);
  powered(x, "3.0").forEach((y, i) => {
    const exact = x[i]! ** 3;
    expect(Math.abs(y / exact - 1)).toBeLessThan((3 + 3 * Math.abs(Math.log(Math.abs(exact)))) * 2 ** -23);
  });
  expect(powered(x, "2.0")[0]).toBeCloseTo(4, 5);
  expect([...powered(Float32Array.of(0, 3), "0.0")]).toEqual([1, 1]);
  expect(powered(Float32Array.of(0), "2.0")[0]).toBe(0);
});
