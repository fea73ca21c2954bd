/** `llmc check FILE`: all diagnostics of a source. Its document has `ok: false` where one of them is an error. */
import type { Command } from "commander";
import { analyzeSource } from "../../driver/front-end.ts";
import { hasErrors } from "../../support/diagnostic.ts";
import { diagnosticDocument } from "../output.ts";
import { parseSettings, resolveSource } from "../sources.ts";
import { SOURCE_HELP, collect } from "../options.ts";
import type { Perform } from "../program.ts";

export function registerCheck(program: Command, perform: Perform): void {
  program
    .command("check")
    .description("report all mistakes of a source")
    .argument("<source>", SOURCE_HELP)
    .option("--set <name=value>", "set a config value (repeatable)", collect)
    .option("--json", "print one JSON document")
    .action((given: string, options: { set?: readonly string[] }) =>
      perform(async (output) => {
        const { file, model } = resolveSource(given);
        // Taps are looked at too: two of one name would be found only by a build that has them.
        const { diagnostics, files } = analyzeSource(file, { model, set: parseSettings(options.set), taps: true });
        const ok = !hasErrors(diagnostics);
        output.diagnostics(diagnostics, files);
        const counted = `${diagnostics.length} ${diagnostics.length === 1 ? "diagnostic" : "diagnostics"}`;
        output.result({ ok, diagnostics: diagnostics.map((d) => diagnosticDocument(d, files)) }, ok ? `${file.path}: ok` : counted); // prettier-ignore
        return ok ? 0 : 1;
      }),
    );
}
