/** `llmc fmt FILE...`: formats `.llm` files in place; `--check` only says which would change. */
import type { Command } from "commander";
import { formatSource } from "../../driver/front-end.ts";
import { CommandFailure } from "../failure.ts";
import { readSource, writeText } from "../files.ts";
import type { Perform } from "../program.ts";

export function registerFmt(program: Command, perform: Perform): void {
  program
    .command("fmt")
    .description("format .llm files in place")
    .argument("<file...>", ".llm files")
    .option("--check", "change nothing; exit 1 if a file is not formatted")
    .option("--json", "print one JSON document")
    .action((paths: string[], options: { check?: boolean }) =>
      perform(async (output) => {
        const changed: string[] = [];
        for (const path of paths) {
          const source = readSource(path);
          const { text, diagnostics } = formatSource(source);
          if (diagnostics.some((d) => d.severity === "error"))
            throw new CommandFailure(1, "source", `${path} has errors and was left as it is`, diagnostics, new Map([[path, source]])); // prettier-ignore
          if (text === source.text) continue;
          changed.push(path);
          if (!options.check) writeText(path, text);
        }
        if (options.check === true && changed.length > 0)
          throw new CommandFailure(1, "format", `not formatted: ${changed.join(", ")}`);
        output.result({ changed }, "");
        for (const path of changed) output.message(`formatted ${path}`);
      }),
    );
}
