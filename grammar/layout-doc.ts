/**
 * Text that may be broken: a small document algebra and its printer, after Oppen 1980 and Wadler 2003 ("A prettier
 * printer"). It knows nothing of the language.
 */
import { assertNever } from "../src/support/errors.ts";

export type Doc =
  | string
  | { readonly kind: "concat"; readonly parts: readonly Doc[] }
  /** One level further to the right after each new line inside. */
  | { readonly kind: "indent"; readonly body: Doc }
  /** On one line if it fits; otherwise each `line` directly in it is a new line. */
  | { readonly kind: "group"; readonly body: Doc; readonly isBroken: boolean }
  /** `flat` on one line, a new line in a broken group. */
  | { readonly kind: "line"; readonly flat: string }
  /** Always a new line; on a line that is still empty it does nothing. */
  | { readonly kind: "hard" }
  /** An empty line, once. */
  | { readonly kind: "blank" }
  /** Only in a broken group. */
  | { readonly kind: "if-broken"; readonly text: string }
  /** Behind everything else on its line. */
  | { readonly kind: "suffix"; readonly text: string };

export const line: Doc = { kind: "line", flat: " " };
export const softLine: Doc = { kind: "line", flat: "" };
export const hard: Doc = { kind: "hard" };
export const blank: Doc = { kind: "blank" };
export const concat = (...parts: readonly Doc[]): Doc => ({ kind: "concat", parts });
export const indent = (body: Doc): Doc => ({ kind: "indent", body });
export const group = (body: Doc): Doc => ({ kind: "group", body, isBroken: mustBreak(body) });
export const ifBroken = (text: string): Doc => ({ kind: "if-broken", text });
export const suffix = (text: string): Doc => ({ kind: "suffix", text });

const STEP = "  ";

/** A new line or a comment inside breaks all the groups around it. */
function mustBreak(doc: Doc): boolean {
  if (typeof doc === "string") return false;
  switch (doc.kind) {
    case "concat":
      return doc.parts.some(mustBreak);
    case "indent":
      return mustBreak(doc.body);
    case "group":
      return doc.isBroken;
    case "hard":
    case "blank":
    case "suffix":
      return true;
    case "line":
    case "if-broken":
      return false;
    default:
      return assertNever(doc);
  }
}

interface Command {
  readonly doc: Doc;
  readonly depth: number;
  readonly isFlat: boolean;
}

/** Prints `doc` in lines of at most `width` UTF-16 units where its groups allow that; ends with a newline. */
export function printDoc(root: Doc, width: number): string {
  const lines: string[] = [];
  const stack: Command[] = [{ doc: root, depth: 0, isFlat: false }];
  let current = "";
  let behind = "";
  let depth = 0;

  const text = (part: string) => {
    if (part !== "") current += current === "" ? STEP.repeat(depth) + part.trimStart() : part;
  };
  const newLine = (to: number) => {
    if (current !== "" || behind !== "")
      lines.push((current === "" ? STEP.repeat(depth) + behind.trimStart() : current + behind).trimEnd());
    [current, behind, depth] = ["", "", to];
  };
  for (let command = stack.pop(); command !== undefined; command = stack.pop()) {
    const { doc, isFlat } = command;
    const push = (inner: Doc, change: Partial<Command> = {}) => stack.push({ ...command, doc: inner, ...change });
    if (typeof doc === "string") {
      text(doc);
      continue;
    }
    switch (doc.kind) {
      case "concat":
        for (const part of doc.parts.toReversed()) push(part);
        break;
      case "indent":
        push(doc.body, { depth: command.depth + 1 });
        break;
      case "group": {
        const used = current === "" ? command.depth * STEP.length : current.length;
        push(doc.body, { isFlat: !doc.isBroken && fits(doc.body, stack, width - used) });
        break;
      }
      case "line":
        if (isFlat) text(doc.flat);
        else newLine(command.depth);
        break;
      case "hard":
        newLine(command.depth);
        break;
      case "blank":
        newLine(command.depth);
        if (lines.length > 0 && lines.at(-1) !== "") lines.push("");
        break;
      case "if-broken":
        if (!isFlat) text(doc.text);
        break;
      case "suffix":
        behind += doc.text;
        break;
      default:
        assertNever(doc);
    }
  }
  newLine(0);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Whether `body` on one line, and what follows it up to the next possible new line, takes at most `room` units. */
function fits(body: Doc, rest: readonly Command[], room: number): boolean {
  const stack: Command[] = [{ doc: body, depth: 0, isFlat: true }];
  let left = room;
  let next = rest.length;
  while (left >= 0) {
    const command = stack.pop() ?? rest[--next];
    if (command === undefined) return true;
    const { doc, isFlat } = command;
    if (typeof doc === "string") left -= doc.length;
    else if (doc.kind === "concat") for (const part of doc.parts.toReversed()) stack.push({ ...command, doc: part });
    else if (doc.kind === "indent") stack.push({ ...command, doc: doc.body });
    else if (doc.kind === "group") stack.push({ ...command, doc: doc.body, isFlat: isFlat || !doc.isBroken });
    else if (doc.kind === "line" && isFlat) left -= doc.flat.length;
    else if (doc.kind === "line" || doc.kind === "hard" || doc.kind === "blank") return true;
    else if (doc.kind === "if-broken" && !isFlat) left -= doc.text.length;
  }
  return false;
}
