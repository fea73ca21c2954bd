/**
 * The WebAssembly instructions that kernels are made of, by their names in the text format: opcode and kind of
 * immediate (WebAssembly core specification 2.0, section 5.4). Nothing here knows kernels.
 */
import { defined } from "../../src/support/errors.ts";

/**
 * An instruction by name, then its immediates: an index, a constant, `align` (log2 of bytes) and `offset` of a memory
 * access, then the lane. `v128.const` has four words, `i8x16.shuffle` sixteen lanes of bytes.
 */
export type Instruction = readonly [name: string, ...immediates: number[]];

export type Immediate = "none" | "block" | "index" | "i32" | "i64" | "f32" | "v128" | "lane" | "memory" | "memory-lane" | "shuffle"; // prettier-ignore

export interface Opcode {
  /** The byte 0xfc or 0xfd stands before the code, which then is a LEB128 number. */
  readonly prefix?: number;
  readonly code: number;
  readonly immediate: Immediate;
}

/** Throws `InternalError` for a name that is not in the table. */
export function opcodeOf(name: string): Opcode {
  return defined(OPCODES.get(name), `no WebAssembly instruction ${name}`);
}

const OPCODES: ReadonlyMap<string, Opcode> = new Map([
  ...table("block", { block: 0x02, loop: 0x03, if: 0x04 }),
  ...table("none", { else: 0x05, end: 0x0b, select: 0x1b }),
  ...table("index", { br: 0x0c, br_if: 0x0d, "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22 }),
  ...table("memory", { "i32.load": 0x28, "f32.load": 0x2a, "i32.load16_u": 0x2f }),
  ...table("memory", { "i32.store": 0x36, "f32.store": 0x38, "i32.store16": 0x3b }),
  ...table("i32", { "i32.const": 0x41 }),
  ...table("i64", { "i64.const": 0x42 }),
  ...table("f32", { "f32.const": 0x43 }),
  ...run(0x45, "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u"),
  ...run(0x5b, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge"),
  ...run(0x6a, "i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u"), // prettier-ignore
  ...run(0x7f, "i64.div_s i64.div_u i64.rem_s i64.rem_u"),
  ...run(0x8b, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt"),
  ...run(0x92, "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"),
  ...run(0xa7, "i32.wrap_i64"),
  ...run(0xac, "i64.extend_i32_s i64.extend_i32_u"),
  ...run(0xb2, "f32.convert_i32_s f32.convert_i32_u"),
  ...run(0xbc, "i32.reinterpret_f32"),
  ...run(0xbe, "f32.reinterpret_i32"),
  ...run(0x00, "i32.trunc_sat_f32_s i32.trunc_sat_f32_u", 0xfc),
  ...table("memory", { "v128.load": 0x00, "v128.load16x4_s": 0x03, "v128.load16x4_u": 0x04, "v128.load32_splat": 0x09, "v128.store": 0x0b, "v128.load32_zero": 0x5c, "v128.load64_zero": 0x5d }, 0xfd), // prettier-ignore
  ...table("memory-lane", { "v128.store64_lane": 0x5b }, 0xfd),
  ...table("v128", { "v128.const": 0x0c }, 0xfd),
  ...table("shuffle", { "i8x16.shuffle": 0x0d }, 0xfd),
  ...table("lane", { "i32x4.extract_lane": 0x1b, "i32x4.replace_lane": 0x1c, "f32x4.extract_lane": 0x1f, "f32x4.replace_lane": 0x20 }, 0xfd), // prettier-ignore
  ...run(0x11, "i32x4.splat", 0xfd),
  ...run(0x13, "f32x4.splat", 0xfd),
  ...run(0x37, "i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u", 0xfd), // prettier-ignore
  ...run(0x41, "f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge", 0xfd),
  ...run(0x4d, "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect", 0xfd),
  ...run(0x67, "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest", 0xfd),
  ...run(0x8b, "i16x8.shl i16x8.shr_s", 0xfd),
  ...run(0x31, "i16x8.gt_s", 0xfd),
  ...run(0xa0, "i32x4.abs i32x4.neg", 0xfd),
  ...run(0xa3, "i32x4.all_true", 0xfd),
  ...run(0xab, "i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add", 0xfd),
  ...run(0xb1, "i32x4.sub", 0xfd),
  ...run(0xb5, "i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u", 0xfd),
  ...run(0xe0, "f32x4.abs f32x4.neg", 0xfd),
  ...run(0xe3, "f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax", 0xfd),
  // The relaxed SIMD proposal: whether the product is rounded is up to the engine.
  ...run(0x105, "f32x4.relaxed_madd f32x4.relaxed_nmadd", 0xfd),
  ...run(0xf8, "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u", 0xfd),
]);

function table(
  immediate: Immediate,
  codes: Readonly<Record<string, number>>,
  prefix?: number,
): readonly (readonly [string, Opcode])[] {
  return Object.entries(codes).map(([name, code]) => [name, { code, immediate, ...(prefix && { prefix }) }] as const);
}

/** Instructions without immediates whose codes follow each other. */
function run(first: number, names: string, prefix?: number): readonly (readonly [string, Opcode])[] {
  const codes = Object.fromEntries(names.split(" ").map((name, i) => [name, first + i]));
  return table("none", codes, prefix);
}
