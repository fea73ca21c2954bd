/**
 * JSON for files from strangers (RFC 8259): what `JSON.parse` lets pass is refused. A duplicate key is an error (not the
 * last one wins), an integer beyond 2^53 is an error (not rounded), depth is bounded. Objects come back as `Map`, so
 * that a key like `__proto__` is only a key.
 */
export type StrictJson = null | boolean | number | string | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

/** `problem` without its place; `start` and `end` are offsets in UTF-16 units. */
export class StrictJsonError extends Error {
  override readonly name = "StrictJsonError";
  constructor(
    readonly problem: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(`${problem} at offset ${start}`);
  }
}

/** Called for each key with the keys around it, outermost first, and where it stands. */
export type OnKey = (path: readonly string[], start: number, end: number) => void;

/** No header and no config is nested deeper. */
const MAX_DEPTH = 32;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
// A JSON string holds no control characters. One pattern for all of it would overflow the stack on millions of them.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

/** Reads one JSON value that fills the whole text. Throws `StrictJsonError`. */
export function parseStrictJson(text: string, onKey: OnKey = () => {}): StrictJson {
  return new Reader(text, onKey).document();
}

class Reader {
  private at = 0;
  /** The keys and list places around the value that is read. */
  private readonly path: string[] = [];

  constructor(
    private readonly text: string,
    private readonly onKey: OnKey,
  ) {}

  document(): StrictJson {
    const value = this.value();
    this.match(SPACE);
    if (this.at < this.text.length) this.fail("something follows the value");
    return value;
  }

  private fail(problem: string, start = this.at, end = start + 1): never {
    throw new StrictJsonError(problem, start, Math.min(end, this.text.length));
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  private accept(character: string): boolean {
    this.match(SPACE);
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private value(): StrictJson {
    if (this.path.length > MAX_DEPTH) this.fail("nested too deeply");
    if (this.accept("{")) return this.object();
    if (this.accept("[")) return this.array();
    if (this.text[this.at] === '"') return this.string("a malformed string");
    for (const [word, meaning] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const)
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return meaning;
      }
    return this.number();
  }

  private number(): number {
    const start = this.at;
    const found = this.match(NUMBER);
    if (found === null) this.fail("a value is expected");
    const [text, fraction, exponent] = found;
    const value = Number(text);
    const isInteger = fraction === undefined && exponent === undefined;
    if (!Number.isFinite(value) || (isInteger && !Number.isSafeInteger(value)))
      this.fail(`the number ${text} is beyond 2^53`, start, this.at);
    return value;
  }

  private string(otherwise: string): string {
    const start = this.at;
    if (this.text[this.at++] !== '"') this.fail(otherwise, start);
    do this.match(PLAIN);
    while (this.match(ESCAPE) !== null);
    if (this.text[this.at++] !== '"') this.fail(otherwise, start);
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private array(): readonly StrictJson[] {
    const items: StrictJson[] = [];
    if (this.accept("]")) return items;
    do items.push(this.within(String(items.length)));
    while (this.accept(","));
    if (!this.accept("]")) this.fail("`,` or `]` is expected");
    return items;
  }

  private object(): ReadonlyMap<string, StrictJson> {
    const entries = new Map<string, StrictJson>();
    if (this.accept("}")) return entries;
    do {
      this.match(SPACE);
      const start = this.at;
      const key = this.string("a key in double quotes is expected");
      if (entries.has(key)) this.fail(`the key ${JSON.stringify(key)} occurs twice`, start, this.at);
      this.onKey([...this.path, key], start, this.at);
      if (!this.accept(":")) this.fail("`:` is expected");
      entries.set(key, this.within(key));
    } while (this.accept(","));
    if (!this.accept("}")) this.fail("`,` or `}` is expected");
    return entries;
  }

  private within(step: string): StrictJson {
    this.path.push(step);
    const value = this.value();
    this.path.pop();
    return value;
  }
}
