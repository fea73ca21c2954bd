/** Readers of op attributes for lowering. The verifier has checked kinds, so a wrong one here is a bug of ours. */
import type { Attr, Attrs, Literal } from "../../src/ir/ir.ts";
import type { WeightLayout } from "../../src/plan/ir.ts";
import { Dim } from "../../src/support/dim.ts";
import { InternalError } from "../../src/support/errors.ts";

export function numberAttr(attrs: Attrs, name: string): number {
  const found = attrs[name];
  if (typeof found !== "number") throw new InternalError(`attribute ${name} is not a number`);
  return found;
}

export function boolAttr(attrs: Attrs, name: string): boolean {
  const found = attrs[name];
  if (typeof found !== "boolean") throw new InternalError(`attribute ${name} is not a bool`);
  return found;
}

export function dimAttr(attrs: Attrs, name: string): Dim {
  return asDim(attrs[name], name);
}

export function dimsAttr(attrs: Attrs, name: string): readonly Dim[] {
  return listAttr(attrs, name).map((item) => asDim(item, name));
}

export function numbersAttr(attrs: Attrs, name: string): readonly number[] {
  return listAttr(attrs, name).map((item) => {
    if (typeof item !== "number") throw new InternalError(`attribute ${name} is not a list of numbers`);
    return item;
  });
}

/** The order of a parameter's elements, where the attributes of its op say one. */
export function layoutOf(attrs: Attrs): WeightLayout | undefined {
  if (attrs["tile"] === undefined) return undefined;
  return { tile: numbersAttr(attrs, "tile"), order: numbersAttr(attrs, "order") };
}

export function literalAttr(attrs: Attrs, name: string): Literal {
  const found = attrs[name];
  if (typeof found !== "object" || !("kind" in found)) throw new InternalError(`attribute ${name} is not a literal`);
  return found;
}

/** A tile size that the schedule pass has put on a group, or the profile's. */
export function tileAttr(attrs: Attrs, name: string, otherwise: number): number {
  const found = attrs[name];
  return typeof found === "number" ? found : otherwise;
}

function listAttr(attrs: Attrs, name: string): readonly Attr[] {
  const found = attrs[name];
  if (!isList(found)) throw new InternalError(`attribute ${name} is not a list`);
  return found;
}

function asDim(attr: Attr | undefined, name: string): Dim {
  if (attr instanceof Dim || typeof attr === "number") return Dim.of(attr);
  throw new InternalError(`attribute ${name} is not a size`);
}

function isList(attr: Attr | undefined): attr is readonly Attr[] {
  return Array.isArray(attr);
}
