/**
 * The examples of the diagnostic catalogue: complete files, so that what `llmc explain` shows can be pasted, run, and
 * tested. Most show a command line; a few codes are met only by the authors of profiles and importers.
 */

/** A file, and what is done with it. */
export type Example = CommandExample | ProfileExample | TemplateExample;

/** What a user meets: a file of this name, and the command line that is given it. */
export interface CommandExample {
  readonly kind: "command";
  readonly file: string;
  readonly text: string;
  readonly command: string;
  /** What is shown instead of a text that is too long to read. */
  readonly shown?: string;
}

/** What the author of a device profile meets: a model, and how the profile differs from a known one. */
export interface ProfileExample {
  readonly kind: "profile";
  readonly text: string;
  readonly like: string;
  /** The rows that the build is for; 1 where absent. */
  readonly batch?: number;
  readonly change: Readonly<Record<string, boolean | Readonly<Record<string, number>>>>;
}

/** What the author of an importer meets: a template for the `config.json` of this file name. */
export interface TemplateExample {
  readonly kind: "template";
  readonly text: string;
  readonly config: string;
}

const FILE = "model.llm";

/** A source for `llmc check`, with `--set` and the like behind it. */
export function checked(text: string, options = ""): CommandExample {
  return { kind: "command", file: FILE, text, command: `llmc check ${FILE}${options === "" ? "" : ` ${options}`}` };
}

/** A source whose plan is asked for, so that everything but code generation runs. */
export function planned(text: string, options: string): CommandExample {
  return { kind: "command", file: FILE, text, command: `llmc inspect ${FILE} --stage plan ${options}` };
}

/** A published config.json that is imported. */
export function imported(config: Readonly<Record<string, unknown>> | string): CommandExample {
  const text = typeof config === "string" ? config : `${JSON.stringify(config, null, 2)}\n`;
  return { kind: "command", file: "config.json", text, command: "llmc import config.json" };
}

/** Markdown: the text in a fence, and what is done with it. */
export function shown(example: Example): string {
  const fence = (language: string, text: string): string =>
    `\`\`\`${language}\n${text}${text.endsWith("\n") ? "" : "\n"}\`\`\``;
  switch (example.kind) {
    case "command": {
      const language = example.file.endsWith(".llm") ? "llm" : "json";
      return `${fence(language, example.shown ?? example.text)}\n\n    $ ${example.command}`;
    }
    case "profile":
      return `${fence("llm", example.text)}\n\nbuilt for ${example.batch ?? 1} rows and a profile like \`${example.like}\` with \`${JSON.stringify(example.change)}\``;
    case "template":
      return `${fence("llm", example.text)}\n\nas the template of an importer, for \`${example.config}\``;
  }
}

/** The lines of a body, moved in by `by` spaces. */
function indented(lines: string, by: number): string {
  return lines
    .trim()
    .split("\n")
    .map((line) => (line === "" ? "" : " ".repeat(by) + line))
    .join("\n");
}

/** A model of f[B, T, dim] whose `forward` has these lines; `body` stands in front of it. */
export function model(forward: string, { body = "", config = "dim: int = 8" } = {}): string {
  const before = body === "" ? "" : `${indented(body, 2)}\n\n`;
  return `model Tiny(${config}) {
${before}  forward(x: f[B, T, dim]) -> f[B, T, dim] {
${indented(forward, 4)}
  }
}
`;
}
