/** Gives symbols their sizes: `T = 1` makes the decode step out of a function over `T` tokens. */
import { Dim } from "../support/dim.ts";
import { isLiteral } from "./attr-text.ts";
import type { Attr, Attrs, Func, FuncArg } from "./ir.ts";
import { value } from "./ir.ts";
import type { OpTable } from "./op-def.ts";
import { rewriteWithArgs } from "./rewrite.ts";
import type { TensorType } from "./type.ts";

/**
 * The function with sizes for some symbols, in the types of its arguments, in attributes and, by inference, in every
 * type. Symbols not named stay.
 */
export function substituteSymbols(func: Func, ops: OpTable, sizes: Readonly<Record<string, Dim | number>>): Func {
  const args = func.args.map((arg): FuncArg => ({
    ...arg,
    value: value(substituteType(arg.value.type, sizes), arg.value.name),
  }));
  return rewriteWithArgs(func, args, ops, (op, operands, b, rewriter) => {
    if (op.name === "param") return undefined;
    return rewriter.copy(op, operands, b, substituteAttrs(op.attrs, sizes));
  });
}

export function substituteType(type: TensorType, sizes: Readonly<Record<string, Dim | number>>): TensorType {
  return { ...type, dims: type.dims.map((dim) => dim.substitute(sizes)) };
}

/** The same object where no symbol occurs, so that an op that nothing changes is kept. */
function substituteAttrs(attrs: Attrs, sizes: Readonly<Record<string, Dim | number>>): Attrs {
  if (!Object.values(attrs).some(hasSymbol)) return attrs;
  return Object.fromEntries(Object.entries(attrs).map(([name, attr]) => [name, substituteAttr(attr, sizes)]));
}

function substituteAttr(attr: Attr, sizes: Readonly<Record<string, Dim | number>>): Attr {
  if (attr instanceof Dim) return attr.substitute(sizes);
  return Array.isArray(attr) ? attr.map((item: Attr) => substituteAttr(item, sizes)) : attr;
}

function hasSymbol(attr: Attr): boolean {
  if (attr instanceof Dim) return attr.symbols().size > 0;
  return Array.isArray(attr) && !isLiteral(attr) && attr.some(hasSymbol);
}
