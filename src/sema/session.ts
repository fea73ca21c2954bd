/**
 * What one analysis shares, and the context an expression is evaluated in: the names, where the instances in scope live
 * in the checkpoint, the ops being emitted, and the user's call when the expression stands in the standard library.
 */
import type { BlockItem, FnItem } from "../../grammar/ast.ts";
import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/ir.ts";
import type { OpTable } from "../ir/op-def.ts";
import type { DType } from "../ir/type.ts";
import type { Loc, SourceFile, Span } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import type { DiagnosticCode } from "../support/diagnostic-catalogue.ts";
import type { Effort } from "./effort.ts";
import type { Origin } from "./entity.ts";
import type { Reporter, ReportDetails } from "./report.ts";
import type { Scope } from "./scope.ts";

export interface Session {
  readonly ops: OpTable;
  readonly reporter: Reporter;
  readonly libraryFiles: ReadonlySet<SourceFile>;
  readonly storage: (path: string) => DType;
  readonly taps: boolean;
  /** Where each parameter stands in the user's source, by its path. */
  readonly parameterPlaces: ReadonlyMap<string, Loc>;
  readonly effort: Effort;
  /** What is known about the sizes of a value, one an axis, from the signature it was returned through. */
  readonly sizes: WeakMap<Value, readonly SizeFacts[]>;
}

/** How the size of an axis came about. */
export interface SizeFacts {
  /** The arithmetic, where there is any. */
  readonly note: string | undefined;
  readonly origins: readonly Origin[];
}

/** A value that becomes one more result of `forward`. */
export interface Tap {
  readonly name: string;
  readonly value: Value;
  readonly span: Span;
}

/** The block being emitted: the function's body (depth 0), or the body of a `repeat` inside `depth` loops. */
export interface Frame {
  readonly builder: Builder;
  readonly depth: number;
  readonly parent?: Frame;
  /** Parameters already read here, by path. */
  readonly parameters: Map<string, Value>;
  readonly taps: Tap[];
  /** The body of a `scan`: nothing that it only reads is emitted here. */
  readonly isStep?: boolean;
}

export interface Context {
  readonly session: Session;
  readonly scope: Scope;
  /** The checkpoint path of the instance whose names a scope holds. */
  readonly owners: ReadonlyMap<Scope, string>;
  /** Absent while only compile-time values may be computed. */
  readonly frame?: Frame;
  /** Blocks and functions being elaborated, to find a recursion. */
  readonly active: readonly (BlockItem | FnItem)[];
  readonly site?: Span;
  /** The call that everything here is inlined into, in the body of the model. */
  readonly outermost?: Span;
  /** How many lists of layers are being run around this; in a trial of a layer too, which has no loop of its own. */
  readonly loops?: number;
}

export function report(
  context: Context,
  code: DiagnosticCode,
  message: string,
  at: Span | Loc | undefined,
  details: ReportDetails = {},
): void {
  const site = context.site === undefined ? {} : { site: context.site };
  context.session.reporter.report(code, message, at, { ...site, ...details });
}

/** The place that ops made for `span` carry: the user's call when `span` is in the standard library. */
export function placeOf(context: Context, span: Span): Loc {
  return locOf(context.session.libraryFiles.has(span.file) && context.site !== undefined ? context.site : span);
}

/** Blocks and functions that hold one another; everything that is inlined is a level of the compiler's stack. */
const MAX_NESTED_CALLS = 200;

/** Whether `decl` lies deeper in calls and uses than is looked at; true after a report. */
export function isTooDeep(context: Context, decl: BlockItem | FnItem, at: Span): boolean {
  if (context.active.length < MAX_NESTED_CALLS) return false;
  report(context, "LLM0107", `blocks and functions are nested more than ${MAX_NESTED_CALLS} deep`, at, {
    related: [{ message: "this is not entered", at: decl.name.span }],
    help: "layers that repeat are an array: `use layers: Layer[depth]`",
  });
  return true;
}

/** The context inside a declaration that `call` entered. */
export function entering(context: Context, decl: BlockItem | FnItem, call: Span): Context {
  const enteringLibrary =
    context.session.libraryFiles.has(decl.span.file) && !context.session.libraryFiles.has(call.file);
  return {
    ...context,
    active: [...context.active, decl],
    outermost: context.outermost ?? call,
    ...(enteringLibrary ? { site: call } : {}),
  };
}
