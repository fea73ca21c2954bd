/** How CUDA C++ calls the types of the kernel IR, and writes literals of them. */
import { InternalError } from "../../src/support/errors.ts";
import type { Buffer, Element, KType, Scalar } from "../../src/kernel/ir.ts";
import { floatText } from "../text/dialect.ts";

const SCALARS: Readonly<Record<Scalar, string | undefined>> = {
  f32: "float",
  i32: "int",
  u32: "unsigned",
  bool: "bool",
  // Loads widen f16 to f32; no kernel computes in it yet.
  f16: undefined,
};
const VECTORS: Readonly<Record<Scalar, string | undefined>> = { ...SCALARS, u32: "uint" };

/** `float`, `float4`; `bool4` is a struct of ours. */
export function typeText({ scalar, lanes }: KType): string {
  const name = (lanes === 1 ? SCALARS : VECTORS)[scalar];
  if (name === undefined) throw new InternalError(`CUDA kernels have no values of ${scalar}`);
  return lanes === 1 ? name : `${name}${lanes}`;
}

const HALVES: Partial<Readonly<Record<Element, readonly [one: string, several: string]>>> = {
  f16: ["__half", "half"],
  bf16: ["__nv_bfloat16", "bfloat"],
};

/** What an element of a buffer is; vectors of halves are structs of ours. */
export function elementText({ element, lanes }: Pick<Buffer, "element" | "lanes">): string {
  const half = HALVES[element];
  if (half === undefined) return typeText({ scalar: element as Scalar, lanes });
  return lanes === 1 ? half[0] : `${half[1]}${lanes}`;
}

export function literalText(value: number, type: KType): string {
  const text = scalarText(value, type.scalar);
  return type.lanes === 1 ? text : vectorText([text], type);
}

/** A vector of so many parts, or of one that is repeated. */
export function vectorText(parts: readonly string[], type: KType): string {
  const [only = ""] = parts;
  const all = parts.length > 1 ? parts : Array.from({ length: type.lanes }, () => only);
  const name = typeText(type);
  return type.scalar === "bool" ? `${name}{${all.join(", ")}}` : `make_${name}(${all.join(", ")})`;
}

function scalarText(value: number, scalar: Scalar): string {
  if (scalar === "bool") return value === 0 ? "false" : "true";
  // The literal without its sign does not fit.
  if (scalar === "i32") return value === -2147483648 ? "(-2147483647 - 1)" : String(value);
  if (scalar === "u32") return `${value}u`;
  if (Number.isNaN(value)) return "__int_as_float(0x7fc00000)";
  if (Math.abs(value) === Infinity) return `${value < 0 ? "-" : ""}__int_as_float(0x7f800000)`;
  return `${floatText(value)}f`;
}
