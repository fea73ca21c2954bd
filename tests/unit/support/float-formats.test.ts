/** Narrow floats: all 65,536 patterns of both formats, ties, subnormals, overflow. */
import { describe, expect, it } from "vitest";
import {
  decodeBf16, decodeF16, encodeBf16, encodeF16, roundBf16, roundF16,
} from "../../../src/support/float-formats.ts"; // prettier-ignore

const formats = [
  { name: "f16", decode: decodeF16, encode: encodeF16, round: roundF16, infinity: 0x7c00 },
  { name: "bf16", decode: decodeBf16, encode: encodeBf16, round: roundBf16, infinity: 0x7f80 },
];

describe.each(formats)("$name", ({ decode, encode, round, infinity }) => {
  it("encodes what it decoded, for every pattern; NaN becomes the quiet one", () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      const x = decode(bits);
      if (Number.isNaN(x) ? encode(x) !== encode(NaN) : encode(x) !== bits || !Object.is(round(x), x)) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  it("rounds to the nearest, ties to even, between all neighbours", () => {
    const wrong: number[] = [];
    for (let bits = 0; bits + 1 < infinity; bits++) {
      const [low, high] = [decode(bits), decode(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? low : high;
      const quarter = (high - low) / 4;
      if (round(middle) !== even || round(middle - quarter) !== low || round(middle + quarter) !== high)
        wrong.push(bits);
      if (round(-middle) !== -even) wrong.push(-bits);
    }
    expect(wrong).toEqual([]);
  });

  it("keeps -0, infinities and NaN, and overflows half a unit above the largest", () => {
    expect(round(-0)).toBe(-0);
    expect(round(-1e-60)).toBe(-0);
    expect(round(-Infinity)).toBe(-Infinity);
    expect(round(NaN)).toBeNaN();
    const largest = decode(infinity - 1);
    const half = (largest - decode(infinity - 2)) / 2;
    expect(round(largest + half)).toBe(Infinity);
    expect(round(largest + half * 0.999)).toBe(largest);
    expect(encode(-1e300)).toBe(infinity | 0x8000);
  });
});

describe("known values", () => {
  it("of f16", () => {
    expect([1, -2, 65504, 2 ** -24, 2 ** -14, 0.1].map(encodeF16)).toEqual([0x3c00, 0xc000, 0x7bff, 1, 0x400, 0x2e66]);
  });
  it("of bf16, without rounding twice", () => {
    expect([1, -2, 3.14159].map(encodeBf16)).toEqual([0x3f80, 0xc000, 0x4049]);
    // Just above a tie in f64; rounding to f32 first would make it the tie, and the tie goes down to even.
    expect(roundBf16(1 + 2 ** -8 + 2 ** -30)).toBe(1 + 2 ** -7);
    expect(roundBf16(1 + 2 ** -8)).toBe(1);
  });
});
