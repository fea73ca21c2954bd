/** Writes indented text: two spaces a level, one statement a line. */
export class TextWriter {
  private readonly lines: string[] = [];
  private depth = 0;

  line(text = ""): this {
    this.lines.push(text === "" ? "" : "  ".repeat(this.depth) + text);
    return this;
  }

  /** `head {`, the body one level deeper, `}`. */
  braces(head: string, body: () => void, tail = ""): this {
    this.line(`${head} {`);
    this.indented(body);
    return this.line(`}${tail}`);
  }

  indented(body: () => void): this {
    this.depth++;
    body();
    this.depth--;
    return this;
  }

  toString(): string {
    return this.lines.join("\n") + (this.lines.length > 0 ? "\n" : "");
  }
}
