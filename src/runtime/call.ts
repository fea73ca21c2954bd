/**
 * A call of an entry point by its signature: what it takes, and what it gives, at the sizes of the call. Without this
 * check an argument that is misspelt or too short would be answered from what an earlier call left in memory.
 */
import type { ManifestPlan, ManifestType, SizeTerms } from "../plan/manifest.ts";
import type { DType } from "../ir/type.ts";
import { FLOAT_BYTES, convertFloats } from "./float-convert.ts";
import type { Sizes } from "./devices/device.ts";
import { OptionError } from "./errors.ts";

/** An argument of a call, row-major. */
export type Argument = Int32Array | Uint32Array | Float32Array;

/** A size at the sizes of a call. */
export function evaluate(terms: SizeTerms, sizes: Sizes): number {
  return terms.reduce((sum, [coefficient, ...symbols]) => {
    return sum + symbols.reduce((product, name) => product * (sizes[name] ?? 0), coefficient);
  }, 0);
}

/** The elements of a value of this type. */
export function countOf([, dims]: ManifestType, sizes: Sizes): number {
  return dims.reduce((count, dim) => count * evaluate(dim, sizes), 1);
}

/** How many bytes they take in a buffer. */
export function byteCount(type: ManifestType, sizes: Sizes): number {
  return countOf(type, sizes) * (isHalf(type[0]) ? FLOAT_BYTES[type[0]] : 4);
}

/** Types that the host has as f32. */
function isHalf(dtype: DType): dtype is "f16" | "bf16" {
  return dtype === "f16" || dtype === "bf16";
}

/** Throws `OptionError` for a size that the plan does not depend on, is missing, or is none. */
export function checkSizes(plan: ManifestPlan, sizes: Sizes): void {
  const { entry, types, bucket } = plan;
  const wanted = [...new Set(Object.values(types).flatMap(([, dims]) => dims.flatMap(symbolsOf)))].filter((name) => name !== "S"); // prettier-ignore
  for (const name of wanted)
    if (sizes[name] === undefined) throw new OptionError(`\`${entry}\` needs the size ${name}; it takes ${signatureText(plan)}`); // prettier-ignore
  for (const [name, size] of Object.entries(sizes)) {
    if (![...wanted, "S", "B", "T", ...Object.keys(bucket)].includes(name))
      throw new OptionError(`\`${entry}\` has no size ${name}; it takes ${signatureText(plan)}`);
    if (!Number.isInteger(size) || size < 1) throw new OptionError(`the size ${name} is an integer from 1, not ${size}`); // prettier-ignore
  }
  for (const [name, type] of Object.entries(types))
    if (type[1].some((dim) => evaluate(dim, sizes) < 1))
      throw new OptionError(`\`${name}\` of \`${entry}\`, ${typeText(type)}, would be empty with ${sizesText(sizes)}`);
}

/** The bytes of each argument, as its buffer holds them. Throws `OptionError` where they are not those of the plan. State
 * may be given, and keeps its value where it is not. */
export function argumentBytes(
  plan: ManifestPlan,
  given: Readonly<Record<string, Argument>>,
  sizes: Sizes,
): ReadonlyMap<string, Uint8Array> {
  const { entry, types, inputs } = plan;
  const wanted = Object.keys(inputs).filter((name) => types[name] !== undefined);
  const missing = wanted.filter((name) => given[name] === undefined);
  const unknown = Object.keys(given).filter((name) => inputs[name] === undefined);
  const [problem] = [
    ...unknown.map((name) => `\`${entry}\` has no argument \`${name}\``),
    ...missing.map((name) => `\`${entry}\` needs the argument \`${name}\``),
  ];
  if (problem !== undefined) throw new OptionError(`${problem}; it takes ${signatureText(plan)}`);
  return new Map(
    Object.entries(given).map(([name, values]) => {
      const type = types[name];
      return [name, type === undefined ? bytesIn(values) : bytesOfArgument(name, type, values, sizes)];
    }),
  );
}

function bytesOfArgument(name: string, type: ManifestType, values: Argument, sizes: Sizes): Uint8Array {
  const [dtype] = type;
  const [kind, array] = dtype === "i32" ? ["Int32Array", Int32Array] : dtype === "u32" || dtype === "bool" ? ["Uint32Array", Uint32Array] : ["Float32Array", Float32Array]; // prettier-ignore
  if (!(values instanceof array)) throw new OptionError(`the argument \`${name}\` is ${typeText(type)}: give it as a ${kind}`); // prettier-ignore
  const count = countOf(type, sizes);
  if (values.length !== count)
    throw new OptionError(
      `the argument \`${name}\` is ${typeText(type)}: ${count} numbers with ${sizesText(sizes)}, not ${values.length}`,
    );
  const bytes = bytesIn(values);
  return isHalf(dtype) ? convertFloats(bytes, "f32", dtype).bytes : bytes;
}

function bytesIn(values: Argument): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** What a buffer holds of floats, as f32. */
export function floatsOf(dtype: DType, bytes: Uint8Array): Float32Array {
  const wide = isHalf(dtype) ? convertFloats(bytes, dtype, "f32").bytes : bytes.slice();
  return new Float32Array(wide.buffer, wide.byteOffset, wide.byteLength / 4);
}

/** The arguments that are no state: `(tokens: i32[B, T])`. */
export function signatureText({ inputs, types }: ManifestPlan): string {
  const parts = Object.keys(inputs).flatMap((name) => {
    const type = types[name];
    return type === undefined ? [] : [`${name}: ${typeText(type)}`];
  });
  return `(${parts.join(", ")})`;
}

export function typeText([dtype, dims]: ManifestType): string {
  return `${dtype}[${dims.map(termsText).join(", ")}]`;
}

function termsText(terms: SizeTerms): string {
  const parts = terms.map(([coefficient, ...symbols]) => {
    const factors = [...(Math.abs(coefficient) === 1 && symbols.length > 0 ? [] : [Math.abs(coefficient)]), ...symbols];
    return [coefficient < 0 ? "-" : "+", factors.join("*")];
  });
  return parts.map(([sign, text], i) => (i === 0 ? (sign === "-" ? `-${text}` : text) : `${sign} ${text}`)).join(" ") || "0"; // prettier-ignore
}

function symbolsOf(terms: SizeTerms): readonly string[] {
  return terms.flatMap(([, ...symbols]) => symbols);
}

function sizesText(sizes: Sizes): string {
  return Object.entries(sizes).map(([name, size]) => `${name} = ${size}`).join(", "); // prettier-ignore
}
