/**
 * Checks a `tokenizer.json` before the library sees it: the library takes what it can use of a file and gives ids that
 * are none, which would show as somebody else's mistake at the first text. In few words: every package carries them.
 */

/** A file as it should be; where a part is not there, looking into it throws. */
export interface TokenizerFile {
  readonly model: {
    readonly type?: unknown;
    /** Texts and ids, or a list of texts and scores in the order of the ids. */
    readonly vocab: Readonly<Record<string, unknown>> | readonly unknown[];
    readonly merges?: readonly (string | readonly string[])[];
    readonly continuing_subword_prefix?: string | null;
  };
  readonly added_tokens?: readonly { readonly id?: unknown; readonly content?: unknown }[];
}

/**
 * Throws an error that says what is wrong. `vocab`: how many tokens the model has logits for; added tokens beyond them
 * are allowed, because published files have some that no text of theirs uses.
 */
export function checkTokenizerFile(file: TokenizerFile, vocab: number): void {
  const { type = "BPE", vocab: words, merges = [], continuing_subword_prefix: prefix } = file.model;
  const check = (holds: boolean, what: string, value: unknown): void => {
    if (!holds) throw new Error(`${JSON.stringify(value)} is no ${what}`);
  };
  const checkId = (id: unknown, end: number): void => check((id as number) >>> 0 === id && id < end, "token id", id);
  // Kinds of model that the library has; old files do not name it.
  check(/^(BPE|Unigram|WordPiece)$/.test(type as string), "model", type);
  // In a list the place is the id.
  const ids = Array.isArray(words) ? words.keys() : Object.values(words);
  check(typeof words === "object", "vocabulary", words);
  for (const id of ids) checkId(id, vocab);
  // A merge joins two tokens to one.
  for (const merge of merges) {
    const [left, right, more] = typeof merge === "string" ? merge.split(" ") : merge;
    const parts = [left, right, `${left}${right?.slice(prefix?.length)}`];
    check(more === undefined && parts.every((text) => Object.hasOwn(words, text as string)), "merge", merge);
  }
  for (const token of file.added_tokens ?? []) {
    checkId(token.id, Infinity);
    check(typeof token.content === "string", "added token", token);
  }
}
