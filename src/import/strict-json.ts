/**
 * JSON as a config needs it: one value, no duplicate keys, no integer beyond 2^53 (RFC 8259; `JSON.parse` would keep
 * the last of two keys, and round). Remembers where each key of the outermost objects stands.
 */
import type { SourceFile, Span } from "../support/source.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type StrictJson =
  | { readonly ok: true; readonly value: Json; readonly places: ReadonlyMap<string, Span> }
  | { readonly ok: false; readonly message: string; readonly span: Span };

/** A value nested deeper than this is no config. */
const MAX_DEPTH = 64;

class JsonProblem {
  constructor(
    readonly message: string,
    readonly start: number,
    readonly end: number,
  ) {}
}

/** Reads a whole file; `places` holds keys as `rope_scaling` and `rope_scaling.factor`. */
export function parseStrictJson(file: SourceFile): StrictJson {
  const reader = new JsonReader(file);
  try {
    return { ok: true, value: reader.document(), places: reader.places };
  } catch (problem) {
    if (!(problem instanceof JsonProblem)) throw problem;
    return { ok: false, message: problem.message, span: { file, start: problem.start, end: problem.end } };
  }
}

class JsonReader {
  readonly places = new Map<string, Span>();
  private at = 0;
  private readonly text: string;

  constructor(private readonly file: SourceFile) {
    this.text = file.text;
  }

  document(): Json {
    const value = this.value("", 0);
    this.space();
    if (this.at < this.text.length) this.fail("something follows the value");
    return value;
  }

  private fail(message: string, start = this.at, end = start + 1): never {
    throw new JsonProblem(message, start, Math.min(end, this.text.length));
  }

  private space(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? "")) this.at++;
  }

  private accept(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private value(path: string, depth: number): Json {
    this.space();
    if (depth > MAX_DEPTH) this.fail("nested too deeply");
    if (this.accept("{")) return this.object(path, depth);
    if (this.accept("[")) return this.array(path, depth);
    if (this.text[this.at] === '"') return this.string();
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const)
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    return this.number();
  }

  private object(path: string, depth: number): Json {
    const found: Record<string, Json> = Object.create(null) as Record<string, Json>;
    if (this.accept("}")) return found;
    do {
      this.space();
      const start = this.at;
      if (this.text[start] !== '"') this.fail("a key in double quotes is expected");
      const key = this.string();
      const end = this.at;
      if (Object.hasOwn(found, key)) this.fail(`the key "${key}" occurs twice`, start, end);
      const inner = path === "" ? key : `${path}.${key}`;
      this.places.set(inner, { file: this.file, start, end });
      if (!this.accept(":")) this.fail("`:` is expected");
      found[key] = this.value(inner, depth + 1);
    } while (this.accept(","));
    if (!this.accept("}")) this.fail("`,` or `}` is expected");
    return found;
  }

  private array(path: string, depth: number): Json {
    const items: Json[] = [];
    if (this.accept("]")) return items;
    do items.push(this.value(`${path}[${items.length}]`, depth + 1));
    while (this.accept(","));
    if (!this.accept("]")) this.fail("`,` or `]` is expected");
    return items;
  }

  private string(): string {
    const match = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text);
    if (found === null) this.fail("a malformed string");
    this.at = match.lastIndex;
    return JSON.parse(found[0]) as string;
  }

  private number(): number {
    const match = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text);
    if (found === null) this.fail("a value is expected");
    const start = this.at;
    this.at = match.lastIndex;
    const value = Number(found[0]);
    const isInt = found[1] === undefined && found[2] === undefined;
    if ((isInt && !Number.isSafeInteger(value)) || !Number.isFinite(value))
      this.fail(`the number ${found[0]} is beyond 2^53`, start, this.at);
    return value;
  }
}
