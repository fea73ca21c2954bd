/** What every record promises, on all of its samples. */
import { describe, expect, test } from "vitest";
import { completeAttrs } from "../../../src/ir/builder.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import type { Tensor } from "../../../src/ir/op-def.ts";
import { equalModules, parseModule, printModule, verifyModule } from "../../../src/ir/index.ts";
import { OPS, OP_LIST } from "../../../src/ops/index.ts";
import { broadcastStrides, forEachIndex } from "../../../src/ops/support/tensor.ts";
import { Rng } from "../../../src/support/random.ts";
import { numberScalars } from "./number-scalars.ts";
import { expectClose, interpret, moduleOf, opOf, run } from "./run.ts";

const samplesOf = (def: (typeof OP_LIST)[number]) => def.samples(new Rng(1));

test("names are unique and listed", () => {
  expect(OPS.size).toBe(OP_LIST.length);
  expect(OP_LIST.length).toBeGreaterThanOrEqual(60);
});

describe.each(OP_LIST.map((def) => [def.name, def] as const))("%s", (name, def) => {
  const samples = samplesOf(def);

  test("traits, decomposition and scalar form agree", () => {
    expect(def.decompose !== undefined).toBe(hasTrait(def, "composite"));
    expect(def.scalar !== undefined).toBe(hasTrait(def, "elementwise"));
    expect(def.doc.length).toBeGreaterThan(10);
  });

  test("samples have all attributes, unique labels, and operands that f32 holds", () => {
    expect(new Set(samples.map((sample) => sample.label)).size).toBe(samples.length);
    expect(samples.length).toBeGreaterThanOrEqual(3);
    for (const { attrs, operands } of samples) {
      expect(Object.keys(attrs).filter((attr) => !(attr in def.attrs))).toEqual([]);
      for (const x of operands)
        if (x !== null && x.dtype === "f32") expect(x.data.every((v) => Object.is(v, Math.fround(v)))).toBe(true);
    }
  });

  test.each(samples.map((sample) => [sample.label, sample] as const))("%s: evaluate", (_, sample) => {
    const options = { symbols: sample.symbols ?? {}, ...(sample.types === undefined ? {} : { types: sample.types }) };
    const exact = run(name, sample.operands, sample.attrs, options);
    const again = run(name, sample.operands, sample.attrs, options);
    expect(again).toEqual(exact);
    if (sample.special !== true) expect(exact.data.every(Number.isFinite)).toBe(true);
    const rounded = run(name, sample.operands, sample.attrs, { ...options, mode: "rounded" });
    if (exact.dtype === "f32") {
      expectClose(rounded, exact, 1e-4);
      expect(rounded.data.every((x) => Object.is(x, Math.fround(x)))).toBe(true);
    } else if (exact.dtype !== "f16") expect(rounded).toEqual(exact);
  });

  test.each(samples.map((sample) => [sample.label, sample] as const))("%s: verifies and reads back", (_, sample) => {
    const module = moduleOf(sample, (b, operands) => b.emitAll(name, operands, sample.attrs));
    expect(verifyModule(module, OPS)).toEqual([]);
    const text = printModule(module);
    const again = parseModule(text, OPS);
    expect(equalModules(again, module)).toBe(true);
    expect(printModule(again)).toBe(text);
  });

  if (def.decompose !== undefined)
    test.each(samples.map((sample) => [sample.label, sample] as const))("%s: decompose = evaluate", (_, sample) => {
      const attrs = completeAttrs(def, sample.attrs);
      const whole = interpret(sample, (b, operands) => b.emitAll(name, operands, attrs));
      const padded = (operands: readonly unknown[]) => def.operands.slice(operands.length).map(() => null);
      const parts = interpret(sample, (b, operands) => {
        const all = [...operands, ...padded(operands)];
        const made = def.decompose!(b, all, attrs, opOf(def, all, attrs));
        expect(b.ops.some((op) => op.name === name)).toBe(false);
        return made;
      });
      parts.forEach((part, i) => expectClose(part, whole[i]!));
    });

  if (def.scalar !== undefined)
    test.each(samples.map((sample) => [sample.label, sample] as const))("%s: scalar = evaluate", (_, sample) => {
      const options = { symbols: sample.symbols ?? {}, ...(sample.types === undefined ? {} : { types: sample.types }) };
      const expected = run(name, sample.operands, sample.attrs, options);
      const tensors = sample.operands.filter((x): x is Tensor => x !== null);
      // As the pull engine says it: the type of the first operand that is no condition.
      const typed = tensors.find((x) => x.dtype !== "bool") ?? tensors[0]!;
      const data = new Float64Array(expected.data.length);
      const strides = tensors.map((x) => broadcastStrides(x.dims, expected.dims));
      forEachIndex(expected.dims, strides, (position, offsets) => {
        const args = tensors.map((x, i) => ({ x: x.data[offsets[i]!]!, dtype: x.dtype }));
        const made = def.scalar!(numberScalars, args, completeAttrs(def, sample.attrs), typed.dtype);
        expect(made.dtype).toBe(expected.dtype);
        data[position] = made.x;
      });
      expectClose({ ...expected, data }, expected);
    });
});
