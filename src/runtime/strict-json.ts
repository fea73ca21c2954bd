/**
 * JSON for files from strangers: what `JSON.parse` lets pass is refused. A duplicate key is an error (not the last one
 * wins), an integer above 2^53 is an error (not rounded), depth is bounded. Objects come back as `Map`, so that a key
 * like `__proto__` is only a key.
 */
export type StrictJson = null | boolean | number | string | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

export class StrictJsonError extends Error {
  override readonly name = "StrictJsonError";
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- JSON strings hold no control characters.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;

/** Reads one JSON value that fills the whole text. Throws `StrictJsonError` with the offset of the problem. */
export function parseStrictJson(text: string, maxDepth = 32): StrictJson {
  const reader = new Reader(text, maxDepth);
  const value = reader.value(0);
  reader.space();
  if (reader.at < text.length) reader.fail("more text after the value");
  return value;
}

class Reader {
  at = 0;
  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  fail(message: string): never {
    throw new StrictJsonError(`${message} at offset ${this.at}`);
  }

  space(): void {
    this.match(SPACE);
  }

  value(depth: number): StrictJson {
    if (depth > this.maxDepth) this.fail("nested too deep");
    this.space();
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (first === '"') return this.string();
    for (const [word, meaning] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const)
      // prettier-ignore
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return meaning;
      }
    return this.number();
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private accept(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private number(): number {
    const text = this.match(NUMBER);
    if (text === undefined) this.fail("expected a value");
    const value = Number(text);
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      this.fail(`the number ${text} is too large`);
    return value;
  }

  private string(): string {
    const quoted = this.match(STRING);
    if (quoted === undefined) this.fail("expected a string");
    return JSON.parse(quoted) as string;
  }

  private array(depth: number): readonly StrictJson[] {
    this.at++;
    const items: StrictJson[] = [];
    if (this.accept("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.accept(","));
    if (!this.accept("]")) this.fail("expected `,` or `]`");
    return items;
  }

  private object(depth: number): ReadonlyMap<string, StrictJson> {
    this.at++;
    const entries = new Map<string, StrictJson>();
    if (this.accept("}")) return entries;
    do {
      this.space();
      const key = this.string();
      if (entries.has(key)) this.fail(`duplicate key ${JSON.stringify(key)}`);
      if (!this.accept(":")) this.fail("expected `:`");
      entries.set(key, this.value(depth + 1));
    } while (this.accept(","));
    if (!this.accept("}")) this.fail("expected `,` or `}`");
    return entries;
  }
}
