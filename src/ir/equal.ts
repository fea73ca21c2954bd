/**
 * Whether two modules are the same program: same functions, ops, attributes and types, wired the same way. Locations
 * and names of values do not count; names of functions, arguments and results do.
 */
import { Dim } from "../support/dim.ts";
import { isLiteral } from "./attr-text.ts";
import type { Attr, Attrs, Block, Func, Module, Op, Value } from "./ir.ts";
import { sameLiteral } from "./literal-text.ts";
import { sameType } from "./type.ts";

export function equalModules(a: Module, b: Module): boolean {
  return a.name === b.name && sameLists(a.funcs, b.funcs, equalFuncs);
}

export function equalFuncs(a: Func, b: Func): boolean {
  return (
    a.name === b.name &&
    sameLists(a.args, b.args, (x, y) => x.name === y.name && x.mode === y.mode) &&
    sameLists(a.results, b.results, (x, y) => x.name === y.name && x.into === y.into) &&
    equalBlocks(a.body, b.body, new Map())
  );
}

/** Attributes by name, in any order; a size without symbols equals its number. */
export function equalAttrs(a: Attrs, b: Attrs): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && equalAttr(a[name], b[name]));
}

export function equalAttr(a: Attr | undefined, b: Attr | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a instanceof Dim || b instanceof Dim) return isSize(a) && isSize(b) && Dim.of(a).equals(b);
  if (Array.isArray(a) && Array.isArray(b)) return sameLists<Attr>(a, b, equalAttr);
  if (isLiteral(a) && isLiteral(b)) return sameLiteral(a, b);
  return Object.is(a, b);
}

function isSize(attr: Attr): attr is Dim | number {
  return attr instanceof Dim || Number.isSafeInteger(attr);
}

/** `matching` maps the values of `a` that are defined so far to those of `b`. */
function equalBlocks(a: Block, b: Block, matching: Map<Value, Value>): boolean {
  return (
    define(a.args, b.args, matching) &&
    sameLists(a.ops, b.ops, (x, y) => equalOps(x, y, matching)) &&
    sameLists(a.yields, b.yields, (x, y) => matching.get(x) === y)
  );
}

function equalOps(a: Op, b: Op, matching: Map<Value, Value>): boolean {
  return (
    a.name === b.name &&
    equalAttrs(a.attrs, b.attrs) &&
    sameLists(a.operands, b.operands, (x, y) => (x === null ? y === null : matching.get(x) === y)) &&
    sameLists(a.regions, b.regions, (x, y) => equalBlocks(x, y, matching)) &&
    define(a.results, b.results, matching)
  );
}

function define(a: readonly Value[], b: readonly Value[], matching: Map<Value, Value>): boolean {
  return sameLists(a, b, (x, y) => {
    matching.set(x, y);
    return sameType(x.type, y.type);
  });
}

function sameLists<V>(a: readonly V[], b: readonly V[], same: (x: V, y: V) => boolean): boolean {
  return a.length === b.length && a.every((x, i) => same(x, b[i] as V));
}
