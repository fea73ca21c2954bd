/**
 * `grammar/OPS.md`: the ops as a user of the language calls them, written from their records. A call has the parameters
 * of the record's `surface` or, without one, its operands and then its attributes. Pure; the test that compares it with
 * the committed page also writes it.
 */
import type { Attr } from "../ir/ir.ts";
import type { AttrSpec, OpDef, SurfaceParam } from "../ir/op-def.ts";

/** One argument of a call, as the page shows it. */
interface Parameter {
  readonly name: string;
  readonly kind: string;
  readonly doc: string;
  readonly isOptional: boolean;
  /** What is taken where it is not given, as the source would write it; the doc says it where this is absent. */
  readonly byDefault?: string;
}

const KINDS: Readonly<Record<AttrSpec["kind"] | SurfaceParam["kind"], string>> = {
  tensor: "tensor",
  int: "int",
  float: "number",
  bool: "bool",
  word: "word",
  text: "text",
  ints: "list of ints",
  floats: "list of numbers",
  dim: "size",
  dims: "list of sizes",
  dtype: "element type",
  literal: "constant",
};

const HEAD = `# The ops

Written from the op records by \`npx vitest run tests/unit/grammar/ops-page.test.ts -u\`; do not edit.

An op is called like a function. Tensors come first and by their place; the other arguments are compile-time values, by place or by name (\`softmax(x, axis: 1)\`), words stand bare (\`mask: full\`). A \`?\` marks what may be left out, \`=\` its default. Where an op works element by element, a number may stand for a tensor, and sizes are aligned from the right as NumPy does. Axes count from 0, negative ones from the end. \`a + b\`, \`a - b\`, \`a * b\`, \`a / b\`, \`a % b\`, \`-a\`, \`a @ b\`, comparisons, \`&&\`, \`||\`, \`!\` and slices are written with their operators as well.
`;

/** The page for ops in the order of the list. */
export function opReference(ops: readonly OpDef[]): string {
  const callable = ops.filter((def) => !Object.values(def.attrs).some(({ kind }) => kind === "literal"));
  const links = callable.map(({ name }) => `[${name}](#${name})`).join(", ");
  return [HEAD, `${links}\n`, ...callable.map(section)].join("\n");
}

function section(def: OpDef): string {
  const parameters = def.surface === undefined ? plainParameters(def) : def.surface.params.map(surfaceParameter);
  const explained = parameters.filter(({ doc }) => doc !== "");
  return [
    `## ${def.name}`,
    "",
    `    ${def.name}(${parameters.map(shortText).join(", ")})`,
    "",
    sentence(def.doc),
    "",
    ...explained.map(line),
    ...(explained.length > 0 ? [""] : []),
  ].join("\n");
}

function plainParameters({ operands, attrs }: OpDef): readonly Parameter[] {
  const tensors = operands.map((name) => ({ name, kind: KINDS.tensor, doc: "", isOptional: name.endsWith("?") }));
  return [...tensors, ...Object.entries(attrs).map(([name, spec]) => attribute(name, spec))];
}

function attribute(name: string, { kind, doc, default: byDefault, words = [] }: AttrSpec): Parameter {
  const missing = words.filter((word) => !doc.includes(word));
  const listed = missing.length === 0 ? doc : `${sentence(doc)} One of ${words.join(", ")}.`;
  if (byDefault === undefined) return { name, kind: KINDS[kind], doc: listed, isOptional: false };
  return { name, kind: KINDS[kind], doc: listed, isOptional: true, byDefault: valueText(byDefault) };
}

function surfaceParameter({ name, kind, doc, optional = false }: SurfaceParam): Parameter {
  return { name, kind: KINDS[kind], doc, isOptional: optional };
}

function shortText({ name, isOptional, byDefault }: Parameter): string {
  if (byDefault !== undefined) return `${name} = ${byDefault}`;
  return isOptional && !name.endsWith("?") ? `${name}?` : name;
}

function line({ name, kind, doc, byDefault }: Parameter): string {
  const value = byDefault === undefined ? "" : `, default \`${byDefault}\``;
  return `- \`${name}\` (${kind}${value}): ${sentence(doc)}`;
}

function valueText(value: Attr): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}

/** With a full stop at its end. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
