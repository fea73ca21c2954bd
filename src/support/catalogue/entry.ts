/** The shape of one entry of the diagnostic catalogue; one file a range of codes lies beside this one. */
export interface CatalogueEntry {
  /** The mistake in a few words, for lists of codes. */
  readonly title: string;
  /** Markdown: what the mistake is, one example that has it and one that has not. */
  readonly explanation: string;
}

/** Makes an entry whose explanation shows a wrong and a right example of the language. */
export function entry(title: string, text: string, wrong: string, right: string): CatalogueEntry {
  return { title, explanation: `${text}\n\nWrong:\n\n${fence(wrong)}\n\nRight:\n\n${fence(right)}` };
}

function fence(code: string): string {
  return "```llm\n" + code + "\n```";
}
