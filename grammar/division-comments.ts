/**
 * `dim // heads` is Python for a division without remainder; here `//` starts a comment, and the text parses to something
 * else without a word. So a comment behind a value that holds nothing but an operand gets a warning (LLM0123).
 */
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic } from "../src/support/diagnostic.ts";
import { locOf } from "../src/support/source.ts";
import type { SourceFile } from "../src/support/source.ts";
import type { Comment, Token } from "./tokens.ts";

/** A number or a name, and brackets that the comment may have swallowed. */
const OPERAND = /^\/\/ *(?:(\d+)|([A-Za-z_]\w*)) *[)\],]*$/;
const ENDS_VALUE: ReadonlySet<string> = new Set(["word", "number", ")", "]"]);

/** A warning for each comment that reads like the rest of a division: by a number, or by an int that the file declares. */
export function divisionsInComments(
  file: SourceFile,
  tokens: readonly Token[],
  comments: readonly Comment[],
): readonly Diagnostic[] {
  const ints = new Set(
    tokens.filter((_, i) => tokens[i + 1]?.kind === ":" && tokens[i + 2]?.text === "int").map((token) => token.text),
  );
  let at = 0;
  return comments.flatMap((comment): readonly Diagnostic[] => {
    while ((tokens[at]?.end ?? Infinity) <= comment.start) at++;
    const [, number, name] = OPERAND.exec(comment.text) ?? [];
    if (number === undefined && (name === undefined || !ints.has(name))) return [];
    const before = tokens[at - 1];
    const isBehindValue =
      before !== undefined && ENDS_VALUE.has(before.kind) && !file.text.slice(before.end, comment.start).includes("\n");
    if (!isBehindValue) return [];
    const loc = locOf({ file, start: comment.start, end: comment.end });
    return [
      diagnostic("LLM0123", "`//` starts a comment and divides nothing", {
        severity: "warning",
        loc,
        help: `a division is \`/ ${number ?? name}\`, and between ints it is exact; a remark says more than one word`,
      }),
    ];
  });
}
