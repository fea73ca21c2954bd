/**
 * Loads and stores of f16 and bf16: to and from f32 in vectors of four, by bits. Decoding is exact, subnormal numbers,
 * infinities and NaN included; encoding rounds to nearest even, beyond the largest f16 to infinity.
 */
import type { Instruction } from "./instructions.ts";
import type { Code } from "./target.ts";

const words = (word: number): Instruction => ["v128.const", word, word, word, word];

/** Times 2^112: the exponent moves in a multiplication, which normalizes subnormal numbers by the way. */
export const REBIAS: Code = [words(0x77800000), ["f32x4.mul"]];

/** What is known of halves: nothing, that none is an infinity or NaN, or also that f16 is wanted at 2^-112 of its value. */
export type HalfForm = "any" | "finite" | "scaled";

/** Four u16 in the lanes of a vector on the stack become four f32; `temp` is a local of type v128. */
export function decodeCode(element: "f16" | "bf16", temp: number, form: HalfForm): Code {
  const shl: Code = [["i32.const", 16], ["i32x4.shl"]];
  if (element === "bf16") return shl;
  // The sign in the first bit, exponent and fraction at the places of f32.
  const moved: Code = [...shl, ["i32.const", 3], ["i32x4.shr_s"], words(0x8fffe000), ["v128.and"]];
  if (form === "scaled") return moved;
  if (form === "finite") return [...moved, ...REBIAS];
  return [
    ...moved,
    ...REBIAS,
    ["local.tee", temp],
    // Infinities and NaN have become 2^16 and more.
    ["local.get", temp],
    ["f32x4.abs"],
    words(0x47800000),
    ["f32x4.ge"],
    words(0x7f800000),
    ["v128.and"],
    ["v128.or"],
  ];
}

/** Eight halves in a vector on the stack as two vectors of four f32, the code of each. The locals are of type v128; the
 * second code reads what the first has left there. */
export function decodePairCode(
  element: "f16" | "bf16",
  form: HalfForm,
  lower: number,
  upper: number,
): readonly [first: Code, second: Code] {
  const parts: Code = [["local.get", lower], ["local.get", upper]]; // prettier-ignore
  if (element === "bf16") {
    // A bf16 is the upper half of an f32, whose lower half is 0.
    const zero = words(0);
    return [
      [["local.set", upper], zero, ["local.get", upper], interleave("low")],
      [zero, ["local.get", upper], interleave("high")],
    ];
  }
  const half: Code = [["local.get", lower]];
  // Infinities and NaN keep an exponent of all ones through the multiplication.
  const special: Code = [...half, words(0x7fff7fff), ["v128.and"], words(0x7bff7bff), ["i16x8.gt_s"], words(0x7f807f80), ["v128.and"], ["v128.or"]]; // prettier-ignore
  const split: Code = [
    ["local.tee", lower],
    ["i32.const", 3],
    ["i16x8.shr_s"],
    words(0x8fff8fff),
    ["v128.and"],
    ...(form === "any" ? special : []),
    ["local.set", upper],
    ...half,
    ["i32.const", 13],
    ["i16x8.shl"],
    ["local.set", lower],
  ];
  const rebias = form === "scaled" ? [] : REBIAS;
  return [
    [...split, ...parts, interleave("low"), ...rebias],
    [...parts, interleave("high"), ...rebias],
  ];
}

/** Halves of two vectors in turn, the first the lower half of each word: of their lower or upper four halves. */
function interleave(which: "low" | "high"): Instruction {
  const from = which === "low" ? 0 : 8;
  const bytes = Array.from({ length: 16 }, (_, i) => from + 2 * (i >> 2) + (i & 1) + ((i & 2) === 0 ? 0 : 16));
  return ["i8x16.shuffle", ...bytes];
}

/** Four f32 on the stack become four u16 in the lanes of a vector; the locals are of type v128. */
export function encodeCode(element: "f16" | "bf16", bits: number, size: number): Code {
  const get: Instruction = ["local.get", bits];
  const shr = (by: number): Code => [["i32.const", by], ["i32x4.shr_u"]];
  const abs: Code = [get, words(0x7fffffff), ["v128.and"]];
  const rounded = (dropped: number, value: Code): Code => [
    ...value,
    ...value,
    ...shr(dropped),
    words(1),
    ["v128.and"],
    ["i32x4.add"],
    words(2 ** (dropped - 1) - 1),
    ["i32x4.add"],
  ];
  /** `x`, but `special` where the number's size in bits is above `limit`. */
  const unless = (x: Code, limit: number, special: Code): Code => [...special, ...x, ...abs, words(limit), ["i32x4.gt_u"], ["v128.bitselect"]]; // prettier-ignore
  if (element === "bf16")
    return [["local.set", bits], ...unless([...rounded(16, [get]), ...shr(16)], 0x7f800000, [words(0x7fc0)])];
  const a: Code = [["local.get", size]];
  const normal: Code = [...rounded(13, a), words(112 << 23), ["i32x4.sub"], ...shr(13)];
  // Added to 1/2, a number below 2^-14 is rounded to a multiple of 2^-24: the last bits are the subnormal f16.
  const subnormal: Code = [...a, words(0x3f000000), ["f32x4.add"], words(0x3f000000), ["i32x4.sub"]];
  const finite: Code = [...subnormal, ...normal, ...a, words(0x38800000), ["i32x4.lt_u"], ["v128.bitselect"]];
  const value = unless(unless(finite, 0x477fefff, [words(0x7c00)]), 0x7f800000, [words(0x7e00)]);
  return [["local.set", bits], ...abs, ["local.set", size], ...value, get, ...shr(16), words(0x8000), ["v128.and"], ["v128.or"]]; // prettier-ignore
}

/** The lower halves of the four words on the stack side by side in the lower eight bytes. */
export function narrowCode(temp: number): Code {
  const bytes = [0, 1, 4, 5, 8, 9, 12, 13];
  return [
    ["local.tee", temp],
    ["local.get", temp],
    ["i8x16.shuffle", ...bytes, ...bytes],
  ];
}
