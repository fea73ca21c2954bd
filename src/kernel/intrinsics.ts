/**
 * The intrinsics: named functions beyond the scalar operations. Each record is its meaning; a target that knows the name
 * emits it, any other refuses it. `width` invocations with consecutive numbers compute one together.
 */
import { fromF16 } from "./half.ts";
import { U32 } from "./ir.ts";
import type { KType } from "./ir.ts";
import { wrap } from "./scalar.ts";

/** A value of one invocation: a number, or one number a lane. */
export type Datum = number | readonly number[];

export interface Intrinsic {
  readonly name: string;
  readonly doc: string;
  readonly params: readonly KType[];
  readonly result: KType;
  /** 1, or the number of invocations that must reach it together. */
  readonly width: number;
  /** `args[i]` are the arguments of invocation i of `width`; gives one result each. */
  readonly evaluate: (args: readonly (readonly Datum[])[]) => readonly Datum[];
}

const F32X2: KType = { scalar: "f32", lanes: 2 };
const F32X4: KType = { scalar: "f32", lanes: 4 };

const unpack2x16float: Intrinsic = {
  name: "unpack2x16float",
  doc: "Two f16 in one word, the lower half first, as f32.",
  params: [U32],
  result: F32X2,
  width: 1,
  evaluate: (args) => args.map(([word]) => halves(word as number)),
};

/**
 * D = A B + C on 32 invocations: A 16 x 16 and B 16 x 8 in f16 (two in a word), C and D 16 x 8 in f32, distributed as
 * PTX ISA section 9.7.14 says for `mma.sync.m16n8k16`: invocation 4 g + t holds rows g and g + 8.
 */
const mma16x8x16: Intrinsic = {
  name: "mma_16x8x16",
  doc: "Matrix product of f16 fragments with f32 accumulation: (a0, a1, a2, a3, b0, b1, c) -> d.",
  params: [U32, U32, U32, U32, U32, U32, F32X4],
  result: F32X4,
  width: 32,
  evaluate: (args) => {
    const a = Array.from({ length: 16 }, () => new Float64Array(16));
    const b = Array.from({ length: 16 }, () => new Float64Array(8));
    args.forEach((own, invocation) => {
      const [group, thread] = [invocation >> 2, invocation & 3];
      for (let word = 0; word < 4; word++)
        halves(own[word] as number).forEach((x, half) => {
          const row = a[group + 8 * (word & 1)];
          if (row !== undefined) row[thread * 2 + half + 8 * (word >> 1)] = x;
        });
      for (let word = 0; word < 2; word++)
        halves(own[4 + word] as number).forEach((x, half) => {
          const row = b[thread * 2 + half + 8 * word];
          if (row !== undefined) row[group] = x;
        });
    });
    return args.map((own, invocation) => {
      const [group, thread] = [invocation >> 2, invocation & 3];
      return (own[6] as readonly number[]).map((c, i) => {
        const row = a[group + 8 * (i >> 1)] ?? [];
        let sum = c;
        for (let k = 0; k < 16; k++) sum = wrap(sum + (row[k] ?? 0) * (b[k]?.[thread * 2 + (i & 1)] ?? 0), "f32");
        return sum;
      });
    });
  },
};

function halves(word: number): readonly [number, number] {
  return [fromF16(word & 0xffff), fromF16(word >>> 16)];
}

export const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map(
  [unpack2x16float, mma16x8x16].map((intrinsic) => [intrinsic.name, intrinsic]),
);
