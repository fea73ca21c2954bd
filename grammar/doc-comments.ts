/** Doc comments by place: each declaration takes those right before it, and what nobody took is reported. */
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic } from "../src/support/diagnostic.ts";
import { locOf } from "../src/support/source.ts";
import type { SourceFile } from "../src/support/source.ts";
import type { Comment } from "./tokens.ts";

export class DocComments {
  private readonly taken = new Set<Comment>();
  private readonly docs: readonly Comment[];

  constructor(
    private readonly file: SourceFile,
    comments: readonly Comment[],
  ) {
    this.docs = comments.filter((comment) => comment.isDoc);
  }

  /** The text, without the slashes, of the doc comments between the offsets `from` and `to`. */
  take(from: number, to: number): string {
    const found = this.docs.filter((comment) => comment.start >= from && comment.end <= to);
    for (const comment of found) this.taken.add(comment);
    return found.map((comment) => comment.text.slice(3).trim()).join("\n");
  }

  /** LLM0120 at the first one that no declaration took. */
  stray(): readonly Diagnostic[] {
    const first = this.docs.find((comment) => !this.taken.has(comment));
    if (first === undefined) return [];
    const help = "write `//`, or put it right before a `model`, `block`, `fn`, `train` or `adapt`";
    const loc = locOf({ file: this.file, start: first.start, end: first.end });
    return [diagnostic("LLM0120", "this doc comment belongs to no declaration", { severity: "warning", loc, help })];
  }
}
