/** The value of a string literal: its escapes replaced. */

export interface StringValue {
  readonly value: string;
  /** Escapes that mean nothing, with their offset in the literal; they are kept as written. */
  readonly badEscapes: readonly { readonly at: number; readonly text: string }[];
}

const SIMPLE: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", n: "\n", t: "\t" };

/** `literal` with its quotes, as the lexer found it. */
export function stringValue(literal: string): StringValue {
  const badEscapes: { at: number; text: string }[] = [];
  const value = literal.slice(1, -1).replace(/\\(u\{[0-9a-fA-F]{1,6}\}|[^])/g, (text, body: string, at: number) => {
    const code = body.length > 1 ? Number.parseInt(body.slice(2, -1), 16) : undefined;
    const found = code === undefined ? SIMPLE[body] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (found === undefined) badEscapes.push({ at: at + 1, text });
    return found ?? text;
  });
  return { value, badEscapes };
}
