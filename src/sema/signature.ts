/**
 * Declared types against actual ones: the arguments of blocks and functions, and what they return. Names of sizes that
 * nothing declares bind to the argument's sizes; `...` stands for any leading sizes, the same ones in the whole
 * signature.
 */
import type { TensorParam, TypeExpr } from "../../grammar/ast.ts";
import type { Value } from "../ir/ir.ts";
import type { Dims, TensorType } from "../ir/type.ts";
import { tensorType } from "../ir/type.ts";
import type { Dim } from "../support/dim.ts";
import type { Span } from "../support/source.ts";
import type { IntEntity } from "./entity.ts";
import { int } from "./entity.ts";
import { arithmeticNote, sourceText, typeWords } from "./explain.ts";
import type { Context, SizeFacts } from "./session.ts";
import { report } from "./session.ts";
import { computeType, elementType, evaluateInt, evaluateSize } from "./types.ts";

/** One call against a signature. `context.scope` is the callee's, fresh: names of sizes are bound in it. */
export interface Call {
  readonly context: Context;
  readonly name: string;
  readonly at: Span;
  /** The place that explains what is expected: the `use`, or the declaration. */
  readonly declared: Span;
  /** `B` and `T` bind too: the callee is declared outside of any model. */
  readonly isFree: boolean;
  rest?: Dims;
}

const SEQUENCE = ["B", "T"];

/** Checks all arguments; false after a report. */
export function matchArguments(call: Call, params: readonly TensorParam[], values: readonly Value[]): boolean {
  params.forEach((param, index) => bindNames(call, param.type, values[index]));
  return params.every((param, index) => {
    const value = values[index];
    return value === undefined || matchArgument(call, param, value);
  });
}

/** Binds the names of `type` that nothing declares to the sizes that stand at their places. */
function bindNames(call: Call, type: TypeExpr, actual: Value | undefined): void {
  const dims = actual?.type.dims ?? [];
  const lead = dims.length - type.dims.length;
  if (actual === undefined || lead < 0 || (lead > 0 && !type.rest)) return;
  const { scope, session } = call.context;
  type.dims.forEach((expr, index) => {
    const dim = dims[lead + index];
    if (expr.kind !== "ref" || dim === undefined || scope.own(expr.name) !== undefined) return;
    const isUnknown = scope.lookup(expr.name) === undefined || (call.isFree && SEQUENCE.includes(expr.name));
    if (isUnknown) scope.define(expr.name, int(dim, session.sizes.get(actual)?.[lead + index]?.origins));
  });
}

function matchArgument(call: Call, param: TensorParam, value: Value): boolean {
  const { context } = call;
  const { type } = param;
  const actual = value.type.dims;
  const lead = actual.length - type.dims.length;
  if (type.rest ? lead < 0 : lead !== 0) return wrongRank(call, param, value);
  const expected = expectedDims(context, type);
  const element = elementType(context, type.element);
  if (expected === undefined || element === undefined) return false;
  const wrongAxes = expected.flatMap((dim, index) => (actual[lead + index]?.equals(dim) ? [] : [index]));
  const rest = actual.slice(0, lead);
  const restFits = !type.rest || call.rest === undefined || sameSizes(call.rest, rest);
  const dtypeFits = value.type.dtype === computeType(element);
  if (wrongAxes.length === 0 && restFits && dtypeFits) {
    if (type.rest) call.rest ??= rest;
    return true;
  }
  const notes = wrongAxes.flatMap((index) => {
    const expr = type.dims[index];
    const dim = expected[index];
    const declaredNote =
      expr && dim && arithmeticNote(expr, call.context.scope.lookup(refName(expr))?.entity ?? int(dim), context.scope);
    return [declaredNote, context.session.sizes.get(value)?.[lead + index]?.note];
  });
  report(
    context,
    dtypeFits ? "LLM0203" : "LLM0233",
    `the argument \`${param.name.text}\` of \`${call.name}\` does not have the declared ${dtypeFits ? "shape" : "element type"}`,
    call.at,
    {
      label: `the argument is ${typeWords(value.type)}`,
      related: [
        { message: `takes ${expectedText(type, expected, type.rest ? call.rest : undefined)}`, at: call.declared },
      ],
      notes: notes.filter((note) => note !== undefined),
      ...(dtypeFits ? {} : { help: `\`cast(x, ${type.element.text})\` converts, where that is meant` }),
      ...wayOut(call, type, wrongAxes[0], actual[lead + (wrongAxes[0] ?? 0)]),
    },
  );
  return false;
}

/** The sizes are shown as written: with another number of axes, their names are bound to nothing. */
function wrongRank(call: Call, param: TensorParam, value: Value): false {
  const message = `the argument \`${param.name.text}\` of \`${call.name}\` has another number of axes`;
  report(call.context, "LLM0203", message, call.at, {
    label: `the argument is ${typeWords(value.type)}`,
    related: [{ message: `takes ${sourceText(param.type.span)}`, at: call.declared }],
  });
  return false;
}

/** Where the size is a config value of a block of the library: which value would fit. */
function wayOut(
  call: Call,
  type: TypeExpr,
  axis: number | undefined,
  actual: Dim | undefined,
): { readonly help?: string } {
  const expr = axis === undefined ? undefined : type.dims[axis];
  const size = actual?.asNumber();
  if (!call.isFree || expr?.kind !== "ref" || size === undefined) return {};
  const isConfig = call.context.scope.lookup(expr.name)?.scope.holds === "config";
  return isConfig ? { help: `declare \`${call.name}\` with \`${expr.name}: ${size}\`` } : {};
}

function refName(expr: TypeExpr["dims"][number]): string {
  return expr.kind === "ref" ? expr.name : "";
}

function sameSizes(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, index) => dim.equals(b[index] ?? -1));
}

function expectedDims(context: Context, type: TypeExpr): readonly Dim[] | undefined {
  const dims = type.dims.map((expr) => evaluateInt(context, expr)?.dim);
  return dims.every((dim) => dim !== undefined) ? dims : undefined;
}

function expectedText(type: TypeExpr, dims: readonly Dim[], rest: Dims | undefined): string {
  const lead = type.rest ? (rest === undefined ? ["..."] : rest.map(String)) : [];
  return `${type.element.text}[${[...lead, ...dims.map(String)].join(", ")}]`;
}

/** Checks what a body returns, and remembers how its sizes came about. True where there is nothing to report. */
export function matchResult(call: Call, declared: TypeExpr | undefined, value: Value, returned: Span): boolean {
  const { context } = call;
  if (declared === undefined) return true;
  const sizes = declared.dims.map((expr) => evaluateInt(context, expr));
  const element = elementType(context, declared.element);
  if (!sizes.every((size) => size !== undefined) || element === undefined) return false;
  const expected = sizes.map(({ dim }) => dim);
  const full = [...(declared.rest ? (call.rest ?? []) : []), ...expected];
  const facts = full.map((_, axis) => factsAt(context, declared, sizes, axis - (full.length - expected.length)));
  const before = context.session.sizes.get(value);
  if (sameSizes(full, value.type.dims) && value.type.dtype === computeType(element)) {
    context.session.sizes.set(
      value,
      facts.map(({ note, origins }, axis) => ({
        note: before?.[axis]?.note ?? note,
        origins: origins.length > 0 ? origins : (before?.[axis]?.origins ?? []),
      })),
    );
    return true;
  }
  const notes = facts.map(({ note }) => note);
  const actualNotes = (before ?? []).map(({ note }) => note);
  const differs = (axis: number): boolean => !full[axis]?.equals(value.type.dims[axis] ?? -1);
  report(context, "LLM0217", `\`${call.name}\` does not return what it declares`, returned, {
    label: `this is ${typeWords(value.type)}`,
    related: [{ message: `declared as ${expectedText(declared, expected, call.rest)}`, at: declared.span }],
    notes: [...notes, ...actualNotes]
      .filter((note, index) => note !== undefined && differs(index % Math.max(1, full.length)))
      .filter((note) => note !== undefined),
  });
  return false;
}

function factsAt(context: Context, declared: TypeExpr, sizes: readonly IntEntity[], index: number): SizeFacts {
  const expr = declared.dims[index];
  const size = sizes[index];
  if (expr === undefined || size === undefined) return { note: undefined, origins: [] };
  const entity = context.scope.lookup(refName(expr))?.entity ?? int(size.dim);
  return { note: arithmeticNote(expr, entity, context.scope), origins: size.origins };
}

/** The declared type itself, where it needs no argument to be known; undefined for `...` and after a report. */
export function declaredType(context: Context, type: TypeExpr): TensorType | undefined {
  const element = elementType(context, type.element);
  const sizes = type.dims.map((expr) => evaluateSize(context, expr)?.dim);
  if (element === undefined || type.rest || !sizes.every((size) => size !== undefined)) return undefined;
  return tensorType(computeType(element), sizes);
}

/** Whether each name in the sizes of a type is declared: then `declaredType` reports nothing. */
export function isClosedType(context: Context, type: TypeExpr): boolean {
  return !type.rest && type.dims.every((expr) => expr.kind !== "ref" || context.scope.lookup(expr.name) !== undefined);
}
