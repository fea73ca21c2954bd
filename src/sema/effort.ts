/**
 * How much one analysis may do. Blocks and functions are inlined at their calls, so a short source may be a long program:
 * one that calls another twice doubles it. Beyond what any model needs the source is refused, once, and the analysis
 * comes to its end; suggestions, each of which looks at all names, are made for the first mistakes only.
 */
import type { Span } from "../support/source.ts";
import type { Context } from "./session.ts";
import { didYouMean } from "./report.ts";
import { report } from "./session.ts";

/** Calls that are inlined, in trials of layers too; and blocks, each list of equal layers counted as one of them. */
export const MAX_INLINED = 50_000;
/** Unknown names that are compared with those in scope. */
export const MAX_SUGGESTIONS = 100;

/** What has been done so far. */
export interface Effort {
  inlined: number;
  suggestions: number;
  isRefused: boolean;
}

export function newEffort(): Effort {
  return { inlined: 0, suggestions: 0, isRefused: false };
}

/** Whether one more call may be inlined; false after a report. */
export function mayInline(context: Context, at: Span): boolean {
  const { effort } = context.session;
  if (++effort.inlined <= MAX_INLINED) return true;
  refuse(context, `more than ${MAX_INLINED} calls of blocks and functions`, context.outermost ?? at, "this call makes them too many, with all that it calls"); // prettier-ignore
  return false;
}

/** Whether a block may hold so many others; false after a report. */
export function mayHold(context: Context, blocks: number, at: Span): boolean {
  if (blocks <= MAX_INLINED) return true;
  refuse(context, `more than ${MAX_INLINED} blocks outside of lists`, at, `with all that it uses, this is ${blocks} blocks`); // prettier-ignore
  return false;
}

/** The `help` of an unknown name, for the first of them. */
export function nearName(context: Context, name: string, names: () => Iterable<string>): { readonly help?: string } {
  return ++context.session.effort.suggestions > MAX_SUGGESTIONS ? {} : didYouMean(name, names());
}

function refuse(context: Context, what: string, at: Span, label: string): void {
  const { effort } = context.session;
  if (effort.isRefused) return;
  effort.isRefused = true;
  report(context, "LLM0241", `the model has ${what}`, at, {
    label,
    notes: ["a block or function that calls another one twice is twice as long, and so is each that calls it"],
    help: "layers that repeat are an array: `use layers: Layer[depth]`",
  });
}
