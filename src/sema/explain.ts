/**
 * The facts under a diagnostic: how a size was computed (`heads * head = 12 * 64 = 768`), what a type is, and which
 * config value a bad number came from.
 */
import type { Expr, RefExpr } from "../../grammar/ast.ts";
import type { TensorType } from "../ir/type.ts";
import type { DiagnosticCode } from "../support/diagnostic-catalogue.ts";
import type { Span } from "../support/source.ts";
import { assertNever } from "../support/errors.ts";
import type { Certainty } from "./blame.ts";
import { blameFor, culpritOf, suspectsOf } from "./blame.ts";
import type { Entity, Origin } from "./entity.ts";
import { originsOf, valueText } from "./entity.ts";
import type { ReportDetails } from "./report.ts";
import type { Scope } from "./scope.ts";
import type { Context } from "./session.ts";
import { placeOf, report } from "./session.ts";

/** Visits every name in an expression. */
export function refsIn(expr: Expr, visit: (ref: RefExpr) => void): void {
  switch (expr.kind) {
    case "number":
    case "string":
    case "bool":
      return;
    case "ref":
      return visit(expr);
    case "list":
      return expr.items.forEach((item) => refsIn(item, visit));
    case "member":
      return refsIn(expr.object, visit);
    case "call":
      refsIn(expr.callee, visit);
      return expr.args.forEach((argument) => refsIn(argument.value, visit));
    case "index":
      refsIn(expr.object, visit);
      for (const item of expr.items) {
        if (item.kind === "at") refsIn(item.value, visit);
        else if (item.kind === "range") for (const end of [item.from, item.to]) if (end) refsIn(end, visit);
      }
      return;
    case "unary":
      return refsIn(expr.operand, visit);
    case "binary":
      refsIn(expr.left, visit);
      return refsIn(expr.right, visit);
    case "if":
      refsIn(expr.condition, visit);
      refsIn(expr.then, visit);
      return refsIn(expr.else, visit);
    default:
      return assertNever(expr, "expression");
  }
}

/** The text of a place in the source, on one line. */
export function sourceText(span: Span): string {
  return span.file.text.slice(span.start, span.end).replace(/\s+/g, " ");
}

/** The source of an expression with each name replaced by its value: `dim / heads` -> `768 / 12`. */
export function substitutedText(expr: Expr, scope: Scope): string {
  const { file, start, end } = expr.span;
  const refs: RefExpr[] = [];
  refsIn(expr, (ref) => refs.push(ref));
  let text = "";
  let at = start;
  for (const ref of refs.sort((a, b) => a.span.start - b.span.start)) {
    const found = scope.lookup(ref.name);
    text += file.text.slice(at, ref.span.start) + ((found && valueText(found.entity)) ?? ref.name);
    at = ref.span.end;
  }
  return (text + file.text.slice(at, end)).replace(/\s+/g, " ");
}

/** How the value of `expr` comes about, or undefined where there is nothing to explain (a literal, a symbol). */
export function arithmeticNote(expr: Expr, value: Entity, scope: Scope): string | undefined {
  if (value.kind !== "int" || expr.kind === "number") return undefined;
  if (expr.kind === "ref") {
    if (value.note !== undefined) return value.note();
    return value.dim.asNumber() === undefined ? undefined : `${expr.name} = ${value.dim}`;
  }
  const text = sourceText(expr.span);
  const substituted = substitutedText(expr, scope);
  const parts = new Set([text, substituted, value.dim.toString()]);
  return parts.size === 1 ? undefined : [...parts].join(" = ");
}

/** `f[B, T, 768]`: the compute type is written `f`, as in the source. */
export function typeWords(type: TensorType): string {
  const family = type.family === undefined ? "" : `${type.family} x `;
  return `${family}${type.dtype === "f32" ? "f" : type.dtype}[${type.dims.map(String).join(", ")}]`;
}

/**
 * Reports a value that makes no model at the config value it came from (the default's place, or no place for a value
 * set from outside), with `use` as the second place; at `use` itself where no config value took part.
 */
export function reportAtOrigin(
  context: Context,
  code: DiagnosticCode,
  message: string,
  value: Entity,
  use: Span,
  details: ReportDetails = {},
): void {
  const origin = culpritOf(originsOf(value));
  if (origin === undefined) return report(context, code, message, use, details);
  context.session.reporter.report(
    code,
    `${message}, from the config value \`${origin.name} = ${origin.text}\``,
    origin.loc,
    {
      ...details,
      label: `\`${origin.name}\` is ${origin.text}`,
      related: [
        ...(origin.loc === undefined ? [{ message: `\`${origin.name}\` is declared here`, at: origin.declared }] : []),
        { message: details.label ?? "used here", at: placeOf(context, use) },
        ...(details.related ?? []),
      ],
      blame: blameFor(origin, valueText(value)),
    },
  );
}

/** What a diagnostic says that holds several config values responsible: their values, at their places. */
export function originDetails(
  origins: readonly Origin[],
  certainty: Certainty,
): Pick<ReportDetails, "related" | "blame"> {
  return {
    related: origins.map((o) => ({ message: `\`${o.name}\` is ${o.text}`, at: o.loc ?? o.declared })),
    blame: { suspects: suspectsOf(origins), certainty },
  };
}
