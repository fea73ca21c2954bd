/**
 * One mistake, one diagnostic. A bracket that is missing makes the parser stumble over right text behind it; what it
 * says there is dropped, up to the next statement or, where the nesting of bodies is in doubt, the next declaration.
 */
import type { Diagnostic } from "../src/support/diagnostic.ts";
import type { BracketProblem } from "./brackets.ts";
import { STATEMENT_KEYWORDS } from "./brackets.ts";
import { startsDeclaration } from "./declaration-starts.ts";
import type { Token } from "./tokens.ts";

/** What the parser reported, with the offsets of its place and of the token that was next. */
export interface Finding {
  readonly diagnostic: Diagnostic;
  readonly start: number;
  readonly at: number;
  /** This brace was expected: where one of the other kind has no partner, this is why. */
  readonly lacks: "{" | "}" | undefined;
}

/** More are not looked at: nobody reads them, and each is compared with each. */
export const MAX_PROBLEMS = 200;

/** A string without an end: what it holds was perhaps meant to stand behind it. */
export interface OpenString {
  readonly start: number;
  readonly text: string;
}

/** The bracket problems and the parser's findings without those that follow from others, or from open strings. */
export function withoutCascades(
  tokens: readonly Token[],
  problems: readonly BracketProblem[],
  findings: readonly Finding[],
  strings: readonly OpenString[],
): readonly Diagnostic[] {
  const declarations = tokens.filter((_, i) => startsDeclaration(tokens, i)).map((token) => token.start);
  const statements = tokens
    .filter((token) => token.startsLine && STATEMENT_KEYWORDS.has(token.kind))
    .map((token) => token.start);
  const endOf = (problem: BracketProblem) => {
    const end = after(declarations, problem.start);
    return problem.upsets === "nesting" ? end : Math.min(end, after(statements, problem.start));
  };
  /** The finding that explains `problem`: a missing brace before it, or for a surplus `)` any mistake in its statement. */
  const causeOf = (problem: BracketProblem) =>
    findings.find(({ start, at, lacks }) => {
      if (start > problem.start || after(declarations, start) < problem.start) return false;
      if (problem.upsets === "nesting") return at <= problem.start && lacks === (problem.isSurplus ? "{" : "}");
      return problem.isSurplus && after(statements, start) > problem.start;
    });

  /** Whether the partner of a bracket may be part of a string that has no end; that is told already. */
  const isSwallowed = (problem: BracketProblem) => {
    const { lacks, start } = problem;
    if (lacks === undefined) return false;
    return strings.some(
      (string) => string.start > start && string.start < endOf(problem) && string.text.includes(lacks),
    );
  };

  /** Half-open ranges of offsets in which nothing more is believed, each with what is reported instead. */
  const doubts: { readonly from: number; readonly to: number; readonly kept: Diagnostic | undefined }[] = [];
  for (const problem of [...problems.slice(0, MAX_PROBLEMS)].sort((a, b) => a.start - b.start)) {
    const cause = causeOf(problem);
    const from = Math.min(cause?.start ?? problem.start, problem.start);
    if (doubts.some((doubt) => doubt.from <= from && from < doubt.to)) continue;
    doubts.push({
      from,
      to: endOf(problem),
      kept: cause?.diagnostic ?? (isSwallowed(problem) ? undefined : problem.diagnostic),
    });
  }
  const isDoubtful = ({ at }: Finding) => doubts.some((doubt) => doubt.from <= at && at < doubt.to);
  const kept = new Set(doubts.flatMap((doubt) => (doubt.kept === undefined ? [] : [doubt.kept])));
  for (const finding of findings) if (!isDoubtful(finding)) kept.add(finding.diagnostic);
  return [...kept];
}

/** The first of `starts`, which are in order, behind `offset`. */
function after(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) > offset) high = middle;
    else low = middle + 1;
  }
  return starts[low] ?? Infinity;
}
