/** `llmc explain CODE`: the long text of a diagnostic, with a wrong and a right example. */
import type { Command } from "commander";
import { DIAGNOSTICS } from "../../support/diagnostic-catalogue.ts";
import { nearest } from "../../support/suggest.ts";
import { usageError } from "../failure.ts";
import type { Perform } from "../program.ts";

export function registerExplain(program: Command, perform: Perform): void {
  program
    .command("explain")
    .description("explain a diagnostic code")
    .argument("<code>", "for example LLM0203")
    .option("--json", "print one JSON document")
    .action((given: string) =>
      perform(async (output) => {
        const code = given.toUpperCase();
        const entry = Object.entries(DIAGNOSTICS).find(([known]) => known === code)?.[1];
        if (entry === undefined) {
          const near = nearest(code, Object.keys(DIAGNOSTICS));
          throw usageError(`no diagnostic ${given}${near === undefined ? "" : `; did you mean ${near}?`}`);
        }
        const { title, explanation, wrong, right } = entry;
        output.result({ code, title, explanation, examples: { wrong, right } }, `${code}: ${title}\n\n${explanation}`);
      }),
    );
}
