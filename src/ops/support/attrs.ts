/**
 * Typed readers of attributes. `completeAttrs` of the builder has filled in defaults, and the text parser has checked
 * kinds, so a wrong kind here is a bug of ours and throws `InternalError`.
 */
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";
import { isLiteral } from "../../ir/attr-text.ts";
import type { Attr, Attrs, Literal } from "../../ir/ir.ts";
import { DTYPES } from "../../ir/type.ts";
import type { DType } from "../../ir/type.ts";

function wrong(name: string, expected: string): never {
  throw new InternalError(`attribute ${name} is not ${expected}`);
}

export function numberAttr(attrs: Attrs, name: string): number {
  const found = attrs[name];
  return typeof found === "number" ? found : wrong(name, "a number");
}

export function boolAttr(attrs: Attrs, name: string): boolean {
  const found = attrs[name];
  return typeof found === "boolean" ? found : wrong(name, "a bool");
}

export function wordAttr(attrs: Attrs, name: string): string {
  const found = attrs[name];
  return typeof found === "string" ? found : wrong(name, "a word");
}

export function dtypeAttr(attrs: Attrs, name: string): DType {
  const found = attrs[name];
  return DTYPES.find((dtype) => dtype === found) ?? wrong(name, "an element type");
}

/** One size: a number, or a `Dim`. */
export function dimAttr(attrs: Attrs, name: string): Dim {
  return asDim(attrs[name], name);
}

export function dimsAttr(attrs: Attrs, name: string): readonly Dim[] {
  return listAttr(attrs, name).map((item) => asDim(item, name));
}

/** Integers or floats. */
export function numbersAttr(attrs: Attrs, name: string): readonly number[] {
  return listAttr(attrs, name).map((item) => (typeof item === "number" ? item : wrong(name, "a list of numbers")));
}

export function literalAttr(attrs: Attrs, name: string): Literal {
  const found = attrs[name];
  return found !== undefined && isLiteral(found) ? found : wrong(name, "a literal");
}

function listAttr(attrs: Attrs, name: string): readonly Attr[] {
  const found = attrs[name];
  return isList(found) ? found : wrong(name, "a list");
}

function asDim(attr: Attr | undefined, name: string): Dim {
  return attr instanceof Dim || typeof attr === "number" ? Dim.of(attr) : wrong(name, "a size");
}

function isList(attr: Attr | undefined): attr is readonly Attr[] {
  return Array.isArray(attr);
}
