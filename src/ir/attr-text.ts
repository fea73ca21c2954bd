/**
 * Attributes as text: `{axis = 1, mask = causal, dims = [B, T, 64]}`. The text of an attribute does not depend on the
 * op table, so that decisions of passes print like listed attributes; its reading does: a listed attribute is read as
 * its kind, an unlisted one by its looks. A size alone is written `<T + 1>`; a size without symbols in a list reads
 * back as a number where the attribute is not listed, which compares equal.
 */
import { Dim } from "../support/dim.ts";
import { assertNever } from "../support/errors.ts";
import { readDim } from "../support/text/dim-text.ts";
import { floatText, quote } from "../support/text/literals.ts";
import type { TextReader } from "../support/text/reader.ts";
import type { Attr, Attrs, Literal } from "./ir.ts";
import { readDType, readLiteral } from "./literal-text.ts";
import type { ConstantTable } from "./literal-text.ts";
import type { AttrSpec } from "./op-def.ts";

const WORD = /^(?!(?:true|false|inf|nan)$|(?:inf|nan)\.)[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

export function isLiteral(attr: Attr): attr is Literal {
  return typeof attr === "object" && "kind" in attr && attr.kind === "literal";
}

/** `{a = 1, b = x}`, or "" where there are none. Names in `skip` have a place of their own in the syntax. */
export function attrsText(attrs: Attrs, constants: ConstantTable, skip: readonly string[] = []): string {
  const parts = Object.entries(attrs)
    .filter(([name]) => !skip.includes(name))
    .map(([name, attr]) => `${name} = ${attrText(attr, constants)}`);
  return parts.length === 0 ? "" : `{${parts.join(", ")}}`;
}

function attrText(attr: Attr, constants: ConstantTable): string {
  if (typeof attr === "string") return WORD.test(attr) ? attr : quote(attr);
  if (attr instanceof Dim) return attr.asNumber() === undefined ? `<${attr.toString()}>` : attr.toString();
  if (Array.isArray(attr)) return `[${attr.map((item: Attr) => itemText(item, constants)).join(", ")}]`;
  return itemText(attr, constants);
}

/** In a list sizes stand bare, so words are quoted there. */
function itemText(attr: Attr, constants: ConstantTable): string {
  if (typeof attr === "boolean") return String(attr);
  if (typeof attr === "number") return Number.isSafeInteger(attr) && !Object.is(attr, -0) ? `${attr}` : floatText(attr);
  if (typeof attr === "string") return quote(attr);
  if (attr instanceof Dim) return attr.toString();
  if (isLiteral(attr)) return constants.textOf(attr);
  return attrText(attr, constants);
}

/** Reads `{...}` if it stands here. `constants` are the large literals of the text, by hash. */
export function acceptAttrs(
  reader: TextReader,
  specs: Readonly<Record<string, AttrSpec>>,
  constants: ReadonlyMap<string, Literal>,
): Attrs {
  const attrs: Record<string, Attr> = {};
  if (!reader.accept("{")) return attrs;
  reader.list("}", () => {
    const token = reader.peek();
    const name = reader.word();
    if (Object.hasOwn(attrs, name)) reader.fail(`attribute \`${name}\` is given twice`, token);
    reader.expect("=");
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    attrs[name] = spec === undefined ? readAny(reader, constants) : readListed(reader, spec, constants);
  });
  return attrs;
}

function readListed(reader: TextReader, spec: AttrSpec, constants: ReadonlyMap<string, Literal>): Attr {
  switch (spec.kind) {
    case "int":
      return reader.integer();
    case "float":
      return reader.number();
    case "bool":
      return readBool(reader);
    case "word": {
      const token = reader.peek();
      const word = readText(reader);
      if (spec.words !== undefined && !spec.words.includes(word))
        reader.fail(`expected one of ${spec.words.join(", ")}`, token);
      return word;
    }
    case "text":
      return readText(reader);
    case "ints":
      return readList(reader, () => reader.integer());
    case "floats":
      return readList(reader, () => reader.number());
    case "dim":
      return readSize(reader);
    case "dims":
      return readList(reader, () => readDim(reader));
    case "dtype":
      return readDType(reader);
    case "literal":
      return readLiteralOrHash(reader, constants);
    default:
      return assertNever(spec.kind, "attribute kind");
  }
}

/** A size alone: a number, or `<T + 1>`. */
function readSize(reader: TextReader): Attr {
  if (!reader.accept("<")) return reader.integer();
  const dim = readDim(reader);
  reader.expect(">");
  return dim;
}

/** An attribute that no record lists. */
function readAny(reader: TextReader, constants: ReadonlyMap<string, Literal>): Attr {
  if (reader.is("[")) return readList(reader, () => readItem(reader, constants));
  if (reader.is("<")) return readSize(reader);
  const token = reader.peek();
  if (token.kind === "number") return reader.number();
  if (token.kind === "constant") return readLiteralOrHash(reader, constants);
  if (reader.is("true") || reader.is("false")) return readBool(reader);
  if (isLiteralAhead(reader)) return readLiteral(reader);
  return readText(reader);
}

function readItem(reader: TextReader, constants: ReadonlyMap<string, Literal>): Attr {
  const token = reader.peek();
  const isSize = token.kind === "word" && token.text !== "true" && token.text !== "false" && !isLiteralAhead(reader);
  const isTermOfSize = token.kind === "number" && ["*", "+", "-"].includes(reader.peek(1).text);
  return isSize || isTermOfSize || reader.is("-") ? readDim(reader) : readAny(reader, constants);
}

function isLiteralAhead(reader: TextReader): boolean {
  return reader.peek().kind === "word" && reader.peek(1).text === "[";
}

function readList<V>(reader: TextReader, item: () => V): V[] {
  reader.expect("[");
  return reader.list("]", item);
}

function readBool(reader: TextReader): boolean {
  if (reader.accept("true")) return true;
  reader.expect("false");
  return false;
}

/** A word, or a string where the text is no word. */
function readText(reader: TextReader): string {
  return reader.peek().kind === "string" ? reader.string() : reader.word();
}

function readLiteralOrHash(reader: TextReader, constants: ReadonlyMap<string, Literal>): Literal {
  const token = reader.peek();
  if (token.kind !== "constant") return readLiteral(reader);
  reader.next();
  return constants.get(token.text) ?? reader.fail(`no constant #${token.text} in the table`, token);
}
