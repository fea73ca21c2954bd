/**
 * The chunk of a build that nobody named one for: activations grow with it, so the largest that a profile's limits hold,
 * halving from the default. A smaller chunk cuts a text into more steps and changes no answer. Whoever names a chunk
 * gets that one, or a diagnostic.
 */
import type { Diagnostic } from "../support/diagnostic.ts";

/** What a smaller chunk may help with: bindings (also of what is bound as one), workgroups, memory. */
const LIMITS: ReadonlySet<string> = new Set(["LLM0401", "LLM0402", "LLM0403", "LLM0410", "LLM0411"]);

export interface Attempted {
  readonly isRefused: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** The first attempt that is not refused for a limit, with chunks from `most` down; where one token is refused too, what it
 * says: the chunk is not the cause. */
export function fitChunk<A extends Attempted>(most: number, attempt: (chunk: number) => A): A {
  const isLimit = ({ isRefused, diagnostics }: A): boolean =>
    isRefused && diagnostics.filter(({ severity }) => severity === "error").every(({ code }) => LIMITS.has(code));
  const first = attempt(most);
  if (most <= 1 || !isLimit(first)) return first;
  const last = attempt(1);
  if (isLimit(last)) return last;
  for (let chunk = Math.floor(most / 2); chunk > 1; chunk = Math.floor(chunk / 2)) {
    const next = attempt(chunk);
    if (!isLimit(next)) return next;
  }
  return last;
}
