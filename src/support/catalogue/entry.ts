/** The shape of one entry of the diagnostic catalogue; one file a range of codes lies beside this one. */
import type { Example } from "./example.ts";
import { checked, shown } from "./example.ts";

export interface CatalogueEntry {
  /** The mistake in a few words, for lists of codes. */
  readonly title: string;
  /** Markdown: what the mistake is, one example that has it and one that looks alike and has not. */
  readonly explanation: string;
  /** Both examples are run by a test: the one gives this code and no other, the other gives none. */
  readonly wrong: Example;
  readonly right: Example;
}

/** Makes an entry whose explanation shows its two examples; a plain text is a source that `llmc check` is given. */
export function entry(title: string, text: string, wrong: string | Example, right: string | Example): CatalogueEntry {
  const exampleOf = (given: string | Example): Example => (typeof given === "string" ? checked(given) : given);
  const [bad, good] = [exampleOf(wrong), exampleOf(right)];
  return {
    title,
    explanation: `${text}\n\nWrong:\n\n${shown(bad)}\n\nRight:\n\n${shown(good)}`,
    wrong: bad,
    right: good,
  };
}
