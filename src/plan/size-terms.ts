/** Sizes as the generated package carries them: the terms of a polynomial over the symbols of a call. */
import { Dim } from "../support/dim.ts";

/** A size as its terms: `2*B*T + 1` is `[[2, "B", "T"], [1]]`. */
export type SizeTerms = readonly (readonly [number, ...string[]])[];

export function termsOf(size: Dim): SizeTerms {
  return size.entries().map(([symbols, coefficient]): readonly [number, ...string[]] => [coefficient, ...symbols]);
}
