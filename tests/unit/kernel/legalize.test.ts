/** What legalize writes out: reductions by subgroups and in a tree, halves of odd and symbolic lengths; and refusals. */
import { describe, expect, it } from "vitest";
import { legalProblems } from "../../../passes/kernel/legal-problems.ts";
import { legalizeKernel } from "../../../passes/kernel/legalize.ts";
import { simplifyKernel } from "../../../passes/kernel/simplify-index.ts";
import { toF16 } from "../../../src/kernel/half.ts";
import { interpretKernel } from "../../../src/kernel/interpret.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { printKernel } from "../../../src/kernel/print.ts";
import type { TargetInfo } from "../../../src/kernel/target-info.ts";
import { verifyKernel } from "../../../src/kernel/verify.ts";
import { profileNamed } from "../../../src/profiles/index.ts";
import { ODD_HALVES, POINTWISE, REDUCTION, STEADY_LOOP } from "../../support/kernel-texts.ts";

const base = profileNamed("webgpu-base")!;
const subgroups: TargetInfo = { ...base, hasSubgroups: true };
const reduction = (op: string, lanes: number): ReturnType<typeof parseKernel> =>
  parseKernel(REDUCTION.replaceAll("{op}", op).replaceAll("{lanes}", `${lanes}`));

/** Powers of two with alternating signs: a sum of any of them is exact in f32. */
const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (i % 2 ? -1 : 1) * (1 + ((i * 7) % 19)));

describe("a reduction over the workgroup", () => {
  const cases = [1, 2, 5, 8, 16, 48, 64, 128].flatMap((lanes) =>
    (["add", "max", "min"] as const).map((op) => [op, lanes] as const),
  );
  it.each(cases)("%s over %i invocations is right in a tree and by subgroups of 4, 8 and 32", (op, lanes) => {
    const x = numbers(2 * lanes);
    const expected = [0, 1].map((row) => {
      const own = [...x.slice(row * lanes, (row + 1) * lanes)];
      return op === "add" ? own.reduce((a, b) => a + b) : op === "max" ? Math.max(...own) : Math.min(...own);
    });
    for (const info of [base, subgroups]) {
      const legal = simplifyKernel(legalizeKernel(reduction(op, lanes), info));
      expect(verifyKernel(legal)).toEqual([]);
      const isBySubgroups = info.hasSubgroups && lanes > 1 && lanes !== 5 && lanes !== 48;
      expect(legal.requires).toEqual(isBySubgroups ? ["subgroups"] : []);
      for (const subgroupSize of [4, 8, 32] as const) {
        const y = new Float32Array(2 * lanes);
        interpretKernel(legal, new Map([["x", x], ["y", y]]), { T: 2 }, { subgroupSize }); // prettier-ignore
        expect([...y]).toEqual([0, 1].flatMap((row) => new Array(lanes).fill(expected[row])));
      }
    }
  });

  it("gives a value that may steer barriers", () => {
    const kernel = parseKernel(STEADY_LOOP);
    expect(verifyKernel(kernel)).toEqual([]);
    for (const info of [base, subgroups]) expect(verifyKernel(legalizeKernel(kernel, info))).toEqual([]);
    const loaded = printKernel(legalizeKernel(kernel, base)).replaceAll("workgroup_load", "load");
    expect(verifyKernel(parseKernel(loaded)).join()).toMatch(/bounds differ between invocations/);
  });
});

describe("halves", () => {
  it.each([1, 2, 5, 6])("%i of them are read from words, symbolic length or not", (count) => {
    for (const text of [ODD_HALVES, ODD_HALVES.replaceAll("f16[T]", `f16[${count}]`)]) {
      const legal = legalizeKernel(parseKernel(text), base);
      expect(printKernel(parseKernel(printKernel(legal)))).toBe(printKernel(legal));
      const halves = new Uint16Array(2 * Math.ceil(count / 2));
      for (let i = 0; i < count; i++) halves[i] = toF16(i + 0.5);
      const y = new Float32Array(count);
      interpretKernel(legal, new Map<string, Float32Array | Uint32Array>([["h", new Uint32Array(halves.buffer)], ["y", y]]), { T: count }); // prettier-ignore
      expect([...y]).toEqual(Array.from({ length: count }, (_, i) => i + 0.5));
    }
  });

  it("that the target cannot store are a diagnostic, and none where it can", () => {
    const kernel = parseKernel(POINTWISE.replace("%y: read_write f32", "%y: read_write f16").replace("{f}", "abs"));
    expect(legalProblems(kernel, base).map(({ code, message }) => `${code} ${message}`)).toEqual([
      "LLM0408 kernel `pointwise` stores f16 in `y`",
    ]);
    expect(() => legalizeKernel(kernel, base)).toThrow(/stores f16/);
    expect(legalProblems(kernel, profileNamed("webgpu-gpu")!)).toEqual([]);
  });
});

it("refuses to share values where there is no workgroup memory, but for workgroups of one", () => {
  const without = { ...base, hasWorkgroupMemory: false };
  expect(legalProblems(reduction("add", 8), without).map(({ code }) => code)).toEqual(["LLM0407"]);
  expect(legalProblems(reduction("add", 1), without)).toEqual([]);
  expect(legalProblems(reduction("add", 8), base)).toEqual([]);
});
