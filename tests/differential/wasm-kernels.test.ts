/** Kernels in WebAssembly against the kernel interpreter, and the written-out functions against f64, in ulp of f32. */
import { describe, expect, it } from "vitest";
import { legalizeKernel } from "../../passes/kernel/legalize.ts";
import { simplifyKernel } from "../../passes/kernel/simplify-index.ts";
import { erf } from "../../src/kernel/erf.ts";
import { toBf16, toF16 } from "../../src/kernel/half.ts";
import { interpretKernel } from "../../src/kernel/interpret.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import { parseKernel } from "../../src/kernel/parse.ts";
import { Rng } from "../../src/support/random.ts";
import {
  FOUR_COLUMNS,
  HALF_PAIRS,
  MIXED,
  ODD_HALVES,
  PACKED_PRODUCT,
  POINTWISE,
  REDUCTION,
} from "../support/kernel-texts.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";
import { runKernelInWasm } from "../support/wasm-kernel.ts";

const integers = (count: number, seed: number): Float32Array => {
  const rng = new Rng(seed);
  return Float32Array.from({ length: count }, () => rng.int(-8, 9));
};
const mixed = MIXED.replace(' requires("f16")', "");
const halves = (encode: (x: number) => number) => (): Map<string, Bytes> =>
  new Map<string, Bytes>([
    ["h", Uint16Array.from([1, 2, 3, 4, 5, 6, 7.5, 8], encode)],
    ["half", Uint16Array.from([0.5, -1, -2.25], encode)],
    ["out", new Float32Array(4)],
  ]);

interface Case {
  readonly name: string;
  readonly text: string;
  readonly buffers: () => Map<string, Bytes>;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly output: string;
}

const CASES: readonly Case[] = [
  {
    name: "packed product",
    text: PACKED_PRODUCT,
    buffers: () => new Map([["a", integers(20, 2)], ["b", integers(40, 3)], ["out", new Float32Array(32)]]), // prettier-ignore
    scalars: { K: 5 },
    output: "out",
  },
  { name: "f16, exchange, unrolled private memory", text: mixed, buffers: halves(toF16), output: "out" },
  { name: "bf16", text: mixed.replaceAll("f16", "bf16"), buffers: halves(toBf16), output: "out" },
  {
    name: "private memory behind an index",
    text: mixed.replace("unroll", ""),
    buffers: halves(toF16),
    output: "out",
  },
  {
    name: "every f16",
    text: ODD_HALVES,
    buffers: () => new Map<string, Bytes>([["h", Uint16Array.from({ length: 65536 }, (_, i) => i)], ["y", new Float32Array(65536)]]), // prettier-ignore
    scalars: { T: 65536 },
    output: "y",
  },
  ...(["f16", "bf16", "finite f16"] as const).map((content): Case => {
    // Infinities and NaN of f16 have an exponent of 31.
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((i) => content !== "finite f16" || (i & 0x7c00) !== 0x7c00); // prettier-ignore
    return {
      name: `every ${content}, loaded in pairs`,
      text: HALF_PAIRS.replace("{content}", content),
      buffers: () => new Map<string, Bytes>([["h", bits], ["y", new Float32Array(bits.length)]]), // prettier-ignore
      scalars: { T: bits.length / 8 },
      output: "y",
    };
  }),
  {
    name: "four columns, whose addresses move with the loop",
    text: FOUR_COLUMNS,
    buffers: () => new Map([["w", integers(16 * 7, 6)], ["x", integers(4 * 7, 7)], ["y", new Float32Array(4)]]), // prettier-ignore
    scalars: { K: 7 },
    output: "y",
  },
  {
    name: "addresses that move unevenly",
    text: FOUR_COLUMNS.replace("%tile = mul %k, %four", "%tile = mul %k, %k"),
    buffers: () => new Map([["w", integers(16 * 7, 8)], ["x", integers(4 * 4, 9)], ["y", new Float32Array(4)]]), // prettier-ignore
    scalars: { K: 4 },
    output: "y",
  },
  {
    name: "a reduction of one",
    text: REDUCTION.replaceAll("{lanes}", "1").replace("{op}", "add"),
    buffers: () => new Map([["x", integers(7, 4)], ["y", new Float32Array(7)]]), // prettier-ignore
    scalars: { T: 7 },
    output: "y",
  },
  {
    name: "several invocations that never meet",
    text: POINTWISE.replace("{f}", "floor"),
    buffers: () => new Map([["x", integers(100, 5).map((x) => x / 3)], ["y", new Float32Array(100)]]), // prettier-ignore
    scalars: { T: 100 },
    output: "y",
  },
];

/** With integers for data, so that rounding a product or not is the same. */
describe.each(CASES)("$name", ({ text, buffers, scalars = {}, output }) => {
  it.each(CPU_PROFILES)("is the same in WebAssembly for $name", (info) => {
    const kernel = parseKernel(text);
    const [expected, actual] = [buffers(), buffers()];
    interpretKernel(kernel, expected, scalars);
    expect([...expected.get(output)!].some((x) => x !== 0)).toBe(true);
    const legal = legalizeKernel(kernel, info);
    for (const each of [legal, simplifyKernel(legal)]) {
      runKernelInWasm(each, actual, scalars);
      expect(actual.get(output)).toEqual(expected.get(output));
    }
  });
});

describe("sums of products with finite f16", () => {
  const text = FOUR_COLUMNS.replace("%w: read f32x4", "%w: read {content}x4");
  const K = 9;
  const run = (content: string, x: Float32Array, w: Uint16Array, info: (typeof CPU_PROFILES)[number]): Int32Array => {
    const y = new Float32Array(4);
    const kernel = legalizeKernel(parseKernel(text.replace("{content}", content)), info);
    runKernelInWasm(kernel, new Map<string, Bytes>([["w", w], ["x", x], ["y", y]]), { K }); // prettier-ignore
    return new Int32Array(y.buffer);
  };

  it.each(CPU_PROFILES)("have the bits of those with any f16, whatever the size of the factors, for $name", (info) => {
    const rng = new Rng(11);
    const special = [65535, 65536, -1e6, 1e20, -3e38, Infinity, -Infinity, NaN, 1e-30, 1e-42, -0];
    for (const one of [undefined, ...special])
      for (const size of [1, 2 ** -100, 2 ** -130, 2 ** 14]) {
        const x = Float32Array.from({ length: 4 * K }, () => (rng.uniform() - 0.5) * size);
        if (one !== undefined) x[rng.int(0, x.length)] = one;
        // Also subnormal numbers, no infinities.
        const w = Uint16Array.from({ length: 16 * K }, () => rng.int(0, 65536)).map((bits) => bits & 0xfbff);
        expect(run("finite f16", x, w, info)).toEqual(run("f16", x, w, info));
      }
  });
});

/** Integer operations with both operands from memory, where a trap or a wrong sign would hide. */
const INTEGERS = [0, 1, -1, 2, 7, -7, 100, -100, 2147483647, -2147483648, 123456789];
const SHIFTS = ["shl", "shr"];

describe.each(["i32", "u32"] as const)("operations on %s", (type) => {
  it.each("add sub mul div rem min max and or xor shl shr".split(" "))("%s", (op) => {
    for (const lanes of [1, 4]) {
      const vector = lanes === 1 ? type : `${type}x4`;
      const kernel =
        parseKernel(`kernel @pairs(%x: read ${vector}[T], %y: read ${vector}[T], %out: write ${vector}[T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %i = builtin workgroup_x : i32
  %a = load %x[%i] : ${vector}
  %b = load %y[%i] : ${vector}
  %c = ${op} %a, %b : ${vector}
  store %out[%i], %c
}
`);
      const pairs = INTEGERS.flatMap((x) => INTEGERS.map((y) => [x, SHIFTS.includes(op) ? y & 31 : y] as const));
      const make = type === "i32" ? Int32Array : Uint32Array;
      const count = Math.floor(pairs.length / lanes);
      const buffers = (): Map<string, Bytes> =>
        new Map<string, Bytes>([
          ["x", make.from(pairs.slice(0, count * lanes).map(([x]) => x))],
          ["y", make.from(pairs.slice(0, count * lanes).map(([, y]) => y))],
          ["out", new make(count * lanes)],
        ]);
      const [expected, actual] = [buffers(), buffers()];
      interpretKernel(kernel, expected, { T: count });
      runKernelInWasm(kernel, actual, { T: count });
      expect(actual.get("out")).toEqual(expected.get("out"));
    }
  });
});

describe("stores of halves", () => {
  it.each(["f16", "bf16"] as const)("rounds %s to nearest even", (element) => {
    for (const lanes of [1, 2, 4] as const) {
      const suffix = lanes === 1 ? "" : `x${lanes}`;
      const kernel =
        parseKernel(`kernel @narrow(%x: read f32${suffix}[T], %y: write ${element}${suffix}[T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %i = builtin workgroup_x : i32
  %v = load %x[%i] : f32${suffix}
  store %y[%i], %v
}
`);
      const rng = new Rng(3);
      const random = Array.from({ length: 4000 }, () => (rng.uniform() - 0.5) * 2 ** rng.int(-30, 20));
      const special = [0, -0, 65504, 65519, 65520, -65520, Infinity, -Infinity, NaN, 2 ** -24, 2 ** -25, 2 ** -14, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 3.4e38]; // prettier-ignore
      const x = Float32Array.from([...special, ...random]);
      const y = new Uint16Array(x.length);
      runKernelInWasm(kernel, new Map<string, Bytes>([["x", x], ["y", y]]), { T: x.length / lanes }); // prettier-ignore
      const encode = element === "f16" ? toF16 : toBf16;
      expect([...y]).toEqual([...x].map(encode));
    }
  });
});

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
  ["log", Math.log, stratified(-120, 120, false), 1.5, 0],
  ["tanh", Math.tanh, stratified(-30, 30, true), 2, 0],
  ["erf", erf, stratified(-30, 30, true), 2, 0],
  ["sin", Math.sin, stratified(-30, 11, true), 1, 2 ** -24],
  ["cos", Math.cos, stratified(-30, 11, true), 1, 2 ** -24],
];

describe.each(CPU_PROFILES)("functions for $name", (info) => {
  it.each(FUNCTIONS)("%s keeps its bound in ulp, in scalars as in vectors", (name, f, all, bound, absolute) => {
    const x = all.subarray(0, all.length - (all.length % 4));
    const scalar = new Float32Array(x.length);
    const vector = new Float32Array(x.length);
    const kernel = parseKernel(POINTWISE.replace("{f}", name));
    runKernelInWasm(legalizeKernel(kernel, info), new Map([["x", x], ["y", scalar]]), { T: x.length }); // prettier-ignore
    const wide = parseKernel(POINTWISE.replace("{f}", name).replace(/f32/g, "f32x4"));
    runKernelInWasm(legalizeKernel(wide, info), new Map([["x", x], ["y", vector]]), { T: x.length / 4 }); // prettier-ignore
    // A relaxed multiply-add is there for vectors only.
    if (info.hasRelaxedFma !== true) expect(vector).toEqual(scalar);
    let worst = 0;
    x.forEach((value, i) => {
      const exact = f(value);
      const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(exact)))) - 23);
      const error = Math.max(Math.abs(scalar[i]! - exact), Math.abs(vector[i]! - exact));
      worst = Math.max(worst, (error - absolute) / ulp);
    });
    expect(worst).toBeLessThanOrEqual(bound);
  });

  /** As the header of `accurate-math.ts` says; the worst inputs of all are from `scripts/exhaustive-math.mjs`. */
  it.each([
    [
      "exp",
      [NaN, Infinity, -Infinity, 0, -0, 88.73, 3e38, -104, -1e-40],
      [NaN, Infinity, 0, 1, 1, Infinity, Infinity, 0, 1],
    ],
    [
      "tanh",
      [NaN, Infinity, -Infinity, 0, -0, 11, -11, 1e-45, -1e-40],
      [NaN, 1, -1, 0, 0, 1, -1, Math.fround(1e-45), Math.fround(-1e-40)],
    ],
    ["log", [Infinity, NaN, 0, -0, -1, -Infinity, 1], [Infinity, NaN, -Infinity, -Infinity, NaN, NaN, 0]],
  ] as const)("%s of what is unusual", (name, inputs, expected) => {
    const x = Float32Array.from(inputs);
    const y = new Float32Array(x.length);
    const kernel = legalizeKernel(parseKernel(POINTWISE.replace("{f}", name)), info);
    runKernelInWasm(kernel, new Map([["x", x], ["y", y]]), { T: x.length }); // prettier-ignore
    expect([...y]).toEqual(expected);
  });

  it.each([
    ["exp", Math.exp, 70.4030990600586, 0.9903],
    ["exp", Math.exp, -87.33735656738281, 0.7503],
    ["tanh", Math.tanh, 0.6283095479011536, 1.3303],
  ] as const)("%s at its worst input", (name, f, input, ulps) => {
    const y = new Float32Array(1);
    const kernel = legalizeKernel(parseKernel(POINTWISE.replace("{f}", name)), info);
    runKernelInWasm(kernel, new Map([["x", Float32Array.of(input)], ["y", y]]), { T: 1 }); // prettier-ignore
    const exact = f(Math.fround(input));
    const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(exact))) - 23);
    expect(Math.abs(y[0]! - exact) / ulp).toBeCloseTo(ulps, 3);
  });
});
