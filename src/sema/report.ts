/**
 * Collects diagnostics. One mistake is told once: a second diagnostic with the same code at the same place is dropped,
 * because a block that is used often is elaborated often, and so are followers of a bad config value. A mistake that shows inside the standard library is reported
 * at the user's call, with the place inside as the second one.
 */
import type { Diagnostic, Severity } from "../support/diagnostic.ts";
import { diagnostic } from "../support/diagnostic.ts";
import type { DiagnosticCode } from "../support/diagnostic-catalogue.ts";
import type { Loc, SourceFile, Span } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import { nearest } from "../support/suggest.ts";
import type { Blame } from "./blame.ts";
import { withoutFollowers } from "./blame.ts";

/** What may stand beside the message. Places may be spans or locations. */
export interface ReportDetails {
  readonly severity?: Severity;
  readonly label?: string;
  readonly related?: readonly { readonly message: string; readonly at: Span | Loc }[];
  readonly notes?: readonly string[];
  readonly help?: string;
  /** The user's call, when the expression stands in the standard library. */
  readonly site?: Span;
  /** The config values that are held responsible. */
  readonly blame?: Blame;
}

interface Collected {
  readonly diagnostic: Diagnostic;
  readonly blame: Blame | undefined;
}

export class Reporter {
  private readonly collected = new Map<string, Collected>();

  constructor(private readonly libraryFiles: ReadonlySet<SourceFile>) {}

  /** Reports at `at`; undefined where the value came from the command line or a config.json. */
  report(code: DiagnosticCode, message: string, at: Span | Loc | undefined, details: ReportDetails = {}): void {
    const inLibrary = at !== undefined && "file" in at && this.libraryFiles.has(at.file) && details.site !== undefined;
    const related = (details.related ?? []).map(({ message: words, at: place }) => ({
      message: words,
      loc: toLoc(place),
    }));
    if (inLibrary && at !== undefined) related.push({ message: "in the standard library, here", loc: toLoc(at) });
    const loc = inLibrary ? details.site : at;
    const made = diagnostic(code, message, {
      ...(details.severity === undefined ? {} : { severity: details.severity }),
      ...(loc === undefined ? {} : { loc: toLoc(loc) }),
      ...(details.label === undefined ? {} : { label: details.label }),
      ...(details.help === undefined ? {} : { help: details.help }),
      related,
      notes: [...new Set(details.notes ?? [])],
    });
    const { blame } = details;
    // Different mistakes may be reported at one config value; the surest of them is kept.
    const key = `${code} ${made.loc === undefined || blame !== undefined ? message : ""} ${JSON.stringify(made.loc)}`;
    if (!this.collected.has(key)) this.collected.set(key, { diagnostic: made, blame });
  }

  /** Whether a mistake of this kind is known at the place. */
  has(code: DiagnosticCode, at: Span): boolean {
    const loc = JSON.stringify(toLoc(at));
    return [...this.collected.values()].some(
      ({ diagnostic: made }) => made.code === code && JSON.stringify(made.loc) === loc,
    );
  }

  get hasErrors(): boolean {
    return [...this.collected.values()].some(({ diagnostic: { severity } }) => severity === "error");
  }

  /** In the order of the source; what has no place comes first. */
  get diagnostics(): readonly Diagnostic[] {
    return withoutFollowers([...this.collected.values()])
      .map((each) => each.diagnostic)
      .sort(
        (a, b) =>
          (a.loc?.start.line ?? 0) - (b.loc?.start.line ?? 0) ||
          (a.loc?.start.column ?? 0) - (b.loc?.start.column ?? 0),
      );
  }
}

/** The `help` of an unknown name, or nothing when no name is near. */
export function didYouMean(name: string, candidates: Iterable<string>): { readonly help?: string } {
  const found = nearest(name, candidates);
  return found === undefined ? {} : { help: `did you mean \`${found}\`?` };
}

/** The `help` of a pattern that names no parameter: how the parameters are called. */
export function shownPaths(parameters: readonly { readonly path: string }[]): { readonly help?: string } {
  const some = parameters.slice(0, 3).map(({ path }) => `\`${path}\``);
  if (some.length === 0) return { help: "the model has no parameters" };
  return { help: `parameters are called ${some.join(", ")}${parameters.length > 3 ? ", ..." : ""}` };
}

function toLoc(place: Span | Loc): Loc {
  return "file" in place ? locOf(place) : place;
}
