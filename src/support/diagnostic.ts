/**
 * A diagnostic: what a user is told about a mistake. One cause, the place, the other place that explains it, one way out.
 * Codes and their long explanations are in `diagnostic-catalogue.ts`; `render-diagnostic.ts` draws the picture.
 */
import type { Loc } from "./source.ts";
import type { DiagnosticCode } from "./diagnostic-catalogue.ts";

export type Severity = "error" | "warning";

/** A second place, with the words that stand under it. */
export interface Related {
  readonly message: string;
  readonly loc: Loc;
}

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** One sentence without a full stop: what is wrong. */
  readonly message: string;
  /** Where; absent only for problems of a whole build (a `--set` value, a device limit on an imported model). */
  readonly loc?: Loc;
  /** The words under the primary place. */
  readonly label?: string;
  readonly related: readonly Related[];
  /** Facts that explain: `heads * head = 12 * 64 = 768`. */
  readonly notes: readonly string[];
  /** One way out. */
  readonly help?: string;
}

/** A diagnostic with empty lists where nothing is given. */
export function diagnostic(
  code: DiagnosticCode,
  message: string,
  rest: Partial<Omit<Diagnostic, "code" | "message">> = {},
): Diagnostic {
  return { severity: "error", related: [], notes: [], ...rest, code, message };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}
