/** `dropout(x, p, seed)` of the language: the counter is the place of the element. */
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import type { Surface } from "../../ir/op-def.ts";
import { typeText } from "../../ir/type.ts";
import { InternalError } from "../../support/errors.ts";
import { iota, reshape, scalarConstant } from "../support/emit.ts";
import { isValue } from "../support/surface-args.ts";

/** u32 counts modulo this. */
const WORDS = 2 ** 32;

export const dropoutSurface: Surface = {
  params: [
    { name: "x", kind: "tensor", doc: "f[B, ...]." },
    { name: "p", kind: "float", range: { least: 0 }, doc: "The probability that an element becomes 0; below 1." },
    { name: "seed", kind: "tensor", doc: "i32[] or u32[]: another seed drops other elements." },
    {
      name: "stream",
      kind: "tensor",
      doc: "i32[] or u32[]: tells calls with one seed apart, so each layer is used with its own; default 0.",
      optional: true,
    },
  ],
  build(b, { x, p, seed, stream }) {
    if (!isValue(x) || typeof p !== "number" || !isValue(seed))
      throw new InternalError("dropout: an argument is missing");
    const words = { seed, stream: isValue(stream) ? stream : scalarConstant(b, "u32", 0) };
    for (const [name, { type }] of Object.entries(words))
      if (type.dims.length > 0 || (type.dtype !== "i32" && type.dtype !== "u32"))
        return `${name} is ${typeText(type)}, and it must be i32[] or u32[]`;
    if (x.type.dims.slice(1).filter((size) => size.asNumber() === undefined).length > 1)
      return `x is ${typeText(x.type)}, and behind its first axis only one may have a size that is no number`;
    const { row, index } = placesOf(b, x);
    const operands = [x, asWord(b, words.seed), asWord(b, words.stream), row, index];
    const inferred = b.table.get("dropout")?.infer(
      operands.map((value) => value.type),
      { p },
    );
    return typeof inferred === "string" ? inferred : b.emit("dropout", operands, { p });
  },
};

function asWord(b: Builder, x: Value): Value {
  return x.type.dtype === "u32" ? x : b.emit("cast", [x], { dtype: "u32" });
}

/**
 * Row and index of each element, as they broadcast to x: u32[B, 1, ...] and u32[...]. The index of a token does not
 * depend on how many there are: `t * N + n`, with n the place among the N elements along the axes of fixed size.
 */
function placesOf(b: Builder, x: Value): { readonly row: Value; readonly index: Value } {
  const [rows, ...rest] = x.type.dims;
  if (rows === undefined) return { row: scalarConstant(b, "u32", 0), index: scalarConstant(b, "u32", 0) };
  const row = reshape(b, asWord(b, iota(b, rows)), [rows, ...rest.map(() => 1)]);
  const sizes = rest.map((size) => size.asNumber());
  const count = sizes.reduce<number>((product, size) => product * (size ?? 1), 1);
  const within = reshape(b, asWord(b, iota(b, count)), sizes.map((size) => size ?? 1)); // prettier-ignore
  const open = rest.find((_, axis) => sizes[axis] === undefined);
  if (open === undefined) return { row, index: within };
  const steps = b.emit("mul", [asWord(b, iota(b, open)), scalarConstant(b, "u32", count % WORDS)]);
  const outside = reshape(b, steps, sizes.map((size) => (size === undefined ? open : 1))); // prettier-ignore
  return { row, index: b.emit("add", [outside, within]) };
}
