/**
 * Text to tokens and back, from a `tokenizer.json`. Streaming: a token may end in the middle of a character, so text is
 * handed out only as far as it is settled.
 */
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { OptionError, TokenizerError } from "./errors.ts";
import type { Tokenizer } from "./public-types.ts";
import type { TokenizerFile } from "./tokenizer-file.ts";
import { checkTokenizerFile } from "./tokenizer-file.ts";

/** Reads the text of a `tokenizer.json` for a model of `vocab` tokens. Throws `TokenizerError` where it is not one. */
export function readTokenizer(text: string, vocab = Infinity): Tokenizer {
  let withSpecial: Library;
  let plain: Library;
  try {
    const parsed = JSON.parse(text) as TokenizerFile;
    checkTokenizerFile(parsed, vocab);
    withSpecial = new Library(parsed, {});
    // Without its added tokens the library cannot find them in the text of a user.
    plain = new Library({ ...parsed, added_tokens: [] }, {});
  } catch (error) {
    throw new TokenizerError(
      `tokenizer.json cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const frame = frameOf(withSpecial);
  const size = withSpecial.get_vocab().size;
  const has = (id: number): boolean => withSpecial.id_to_token(id) !== undefined;
  return {
    has,
    encode: (input, { special = false, addSpecial = false } = {}) => {
      const ids = input === "" ? [] : (special ? withSpecial : plain).encode(input, { add_special_tokens: false }).ids;
      return addSpecial ? [...frame.before, ...ids, ...frame.after] : ids;
    },
    decode: (tokens) => {
      const unknown = tokens.find((id) => !has(id));
      if (unknown !== undefined)
        throw new OptionError(`there is no token ${unknown} in the tokenizer's vocabulary of ${size} tokens`);
      if (tokens.length === 0) return "";
      return withSpecial.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
  };
}

/** The special tokens that the post-processor puts around a text. */
function frameOf(tokenizer: Library): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const bare = tokenizer.encode("a", { add_special_tokens: false }).ids;
  const framed = tokenizer.encode("a", { add_special_tokens: true }).ids;
  const extra = framed.length - bare.length;
  for (let at = 0; at <= extra; at++)
    if (bare.every((id, i) => framed[at + i] === id))
      return { before: framed.slice(0, at), after: framed.slice(at + bare.length) };
  return { before: [], after: [] };
}

/** How many tokens before the new ones are decoded with them, so that the decoder sees their left neighbours. */
const OVERLAP = 8;

/** Gives the text of a stream of tokens piece by piece; the pieces joined are the text of all tokens. */
export class StreamDecoder {
  private readonly tokens: number[] = [];
  /** Tokens before `start` have been handed out whole and are only left context. */
  private start = 0;
  private given = "";

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The text that `token` settles; "" while a character is incomplete, and for an id that has no token. */
  push(token: number): string {
    if (!this.tokenizer.has(token)) return "";
    this.tokens.push(token);
    const text = this.tokenizer.decode(this.tokens.slice(this.start));
    // U+FFFD at the end stands for bytes of a character whose rest is in later tokens.
    const settled = text.replace(/\uFFFD+$/, "");
    const piece = settled.slice(this.given.length);
    this.given = settled.length > this.given.length ? settled : this.given;
    if (settled.length === text.length && this.tokens.length - this.start > 4 * OVERLAP) {
      this.start = this.tokens.length - OVERLAP;
      this.given = this.tokenizer.decode(this.tokens.slice(this.start));
    }
    return piece;
  }

  /** What is left at the end, incomplete characters included. */
  flush(): string {
    const text = this.tokenizer.decode(this.tokens.slice(this.start));
    const piece = text.slice(this.given.length);
    this.given = text;
    return piece;
  }
}
