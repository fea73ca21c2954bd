/** Float conversions: every half, and the ties between neighbours. */
import { describe, expect, it } from "vitest";
import { convertFloats, fromBfloat, fromHalf, toBfloat, toHalf } from "../../../src/runtime/float-convert.ts";

describe("halves", () => {
  it("read back, all 65,536 of them", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const isNaNBits = (bits & 0x7fff) > 0x7c00;
      if (isNaNBits) expect(fromHalf(bits)).toBeNaN();
      else if (toHalf(fromHalf(bits)) !== bits) throw new Error(`0x${bits.toString(16)} does not read back`);
    }
  });

  it("round to nearest, ties to even, between all neighbours", () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (fromHalf(bits) + fromHalf(bits + 1)) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      if (toHalf(middle) !== even || toHalf(-middle) !== (even | 0x8000))
        throw new Error(`tie above 0x${bits.toString(16)}`);
      const above = Math.fround(middle * (1 + 2 ** -23));
      if (toHalf(above) !== bits + 1) throw new Error(`just above the tie over 0x${bits.toString(16)}`);
    }
    expect(toHalf(65519)).toBe(0x7bff);
    expect(toHalf(65520)).toBe(0x7c00);
    expect(toHalf(2 ** -25)).toBe(0);
    expect(toHalf(-0)).toBe(0x8000);
  });
});

describe("bfloats", () => {
  it("read back, and round ties to even", () => {
    for (let bits = 0; bits < 0x7f80; bits++) expect(toBfloat(fromBfloat(bits))).toBe(bits);
    expect(toBfloat(1 + 2 ** -8)).toBe(0x3f80);
    expect(toBfloat(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(fromBfloat(toBfloat(NaN))).toBeNaN();
  });
});

describe("convertFloats", () => {
  it("reads unaligned bytes and reports what overflows", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -1e6).buffer), 1);
    const converted = convertFloats(bytes.subarray(1), "f32", "f16");
    expect([...converted.bytes]).toEqual([0x00, 0x3e, 0x00, 0xfc]);
    expect(converted.overflow).toBe(-1e6);
    expect(convertFloats(bytes.subarray(1, 5), "f32", "f16").overflow).toBeUndefined();
  });
});
