/** The kernel interpreter: results of the handwritten kernels, and each fault beside its near miss. */
import { describe, expect, it } from "vitest";
import { fromF16, toF16 } from "../../../src/kernel/half.ts";
import { KernelFault, interpretKernel } from "../../../src/kernel/interpret.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { Rng } from "../../../src/support/random.ts";
import { MATRIX_INSTRUCTION, PACKED_PRODUCT, REVERSE, TWO_PASS_REDUCTION } from "../../support/kernel-texts.ts";

const reverseInput = (): Map<string, Float32Array> =>
  new Map([
    ["x", Float32Array.from({ length: 8 }, (_, i) => i)],
    ["out", new Float32Array(8)],
  ]);

describe("handwritten kernels", () => {
  it("multiplies with packed vectors", () => {
    const K = 3;
    const a = Float32Array.from({ length: 4 * K }, (_, i) => i - 5);
    const b = Float32Array.from({ length: 2 * K * 4 }, (_, i) => (i % 7) - 3);
    const out = new Float32Array(32);
    interpretKernel(parseKernel(PACKED_PRODUCT), new Map([["a", a], ["b", b], ["out", out]]), { K }); // prettier-ignore
    for (let m = 0; m < 4; m++)
      for (let n = 0; n < 8; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += a[m * K + k]! * b[((n >> 2) * K + k) * 4 + (n & 3)]!;
        expect(out[m * 8 + n]).toBe(sum);
      }
  });

  it("reduces twice over a workgroup", () => {
    const x = Float32Array.from({ length: 20 }, (_, i) => (i < 10 ? i : 3));
    const out = new Float32Array(2);
    interpretKernel(parseKernel(TWO_PASS_REDUCTION), new Map([["x", x], ["out", out]]), { T: 2 }); // prettier-ignore
    expect([...out]).toEqual([82.5, 0]);
  });

  it.each([4, 8, 32] as const)("computes a matrix instruction at subgroup size %i", (subgroupSize) => {
    const rng = new Rng(7);
    const A = Array.from({ length: 16 }, () => Array.from({ length: 16 }, () => fromF16(toF16(rng.int(-4, 5)))));
    const B = Array.from({ length: 16 }, () => Array.from({ length: 8 }, () => rng.int(-4, 5)));
    const pair = (low: number, high: number): number => (toF16(low) | (toF16(high) << 16)) >>> 0;
    const a = new Uint32Array(128);
    const b = new Uint32Array(64);
    for (let lane = 0; lane < 32; lane++) {
      const [g, t] = [lane >> 2, (lane & 3) * 2];
      for (let w = 0; w < 4; w++) {
        const row = A[g + 8 * (w & 1)]!;
        a[lane * 4 + w] = pair(row[t + 8 * (w >> 1)]!, row[t + 1 + 8 * (w >> 1)]!);
      }
      for (let w = 0; w < 2; w++) b[lane * 2 + w] = pair(B[t + 8 * w]![g]!, B[t + 1 + 8 * w]![g]!);
    }
    const out = new Float32Array(128);
    interpretKernel(parseKernel(MATRIX_INSTRUCTION), new Map<string, Uint32Array | Float32Array>([["a", a], ["b", b], ["out", out]]), {}, { subgroupSize }); // prettier-ignore
    for (let m = 0; m < 16; m++)
      for (let n = 0; n < 8; n++) {
        const lane = (m % 8) * 4 + (n >> 1);
        const expected = A[m]!.reduce((sum, x, k) => sum + x * B[k]![n]!, 0);
        expect(out[lane * 4 + 2 * (m >> 3) + (n & 1)]).toBe(expected);
      }
  });
});

describe("faults", () => {
  const run = (text: string): Map<string, Float32Array> => {
    const buffers = reverseInput();
    interpretKernel(parseKernel(text), buffers);
    return buffers;
  };

  it("finds none in the kernel as it is", () => {
    expect([...run(REVERSE).get("out")!]).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it("finds the race where the barrier is lost", () => {
    const late = REVERSE.replace("  barrier\n", "").replace("[%other] : f32", "[%lane] : f32");
    expect([...run(late).get("out")!]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(() => run(REVERSE.replace("  barrier\n", ""))).toThrow(KernelFault);
  });

  it("finds a race between workgroups, barrier or not", () => {
    const two = REVERSE.replace("grid(1,", "grid(ceil(2, 1),");
    expect(() => run(two)).toThrow(/kernel reverse: a race: .* at %out\[0\], invocation 0/);
    expect(() => run(two.replace("  store %out[%lane], %swapped\n", ""))).not.toThrow();
  });

  it("finds an element past the end, and not the last one", () => {
    const off = REVERSE.replace("const 7", "const 8");
    expect(() => run(off)).toThrow(/out of bounds at %tile\[8\], invocation 0/);
  });

  it("finds a read of memory that nobody wrote", () => {
    expect(() => run(REVERSE.replace("  store %tile[%lane], %value\n", ""))).toThrow(/read before it is written/);
  });

  it("finds a barrier that only some invocations reach", () => {
    const own = REVERSE.replace("[%other] : f32", "[%lane] : f32");
    const some = own.replace("  barrier\n", "  %few = lt %lane, %seven : bool\n  if %few {\n    barrier\n  }\n");
    const every = own.replace("  barrier\n", "  %few = le %lane, %seven : bool\n  if %few {\n    barrier\n  }\n");
    expect(() => run(some)).toThrow(/different barriers, invocation 7/);
    expect(() => run(every)).not.toThrow();
  });
});
