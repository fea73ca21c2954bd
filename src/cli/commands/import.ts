/** `llmc import CONFIG`: the `.llm` text of a published `config.json`, on stdout or into a file. */
import path from "node:path";
import type { Command } from "commander";
import { isFolder, writeText } from "../files.ts";
import type { Perform } from "../program.ts";
import { importConfigFile } from "../sources.ts";

export function registerImport(program: Command, perform: Perform): void {
  program
    .command("import")
    .description("write the .llm of a published config.json (gpt2 and llama families)")
    .argument("<config>", "a config.json, or the folder that holds it")
    .option("--out <file>", "write it to a file instead of stdout")
    .option("--json", "print one JSON document")
    .action((given: string, options: { out?: string }) =>
      perform(async (output) => {
        const { text } = importConfigFile(isFolder(given) ? path.join(given, "config.json") : given);
        if (options.out !== undefined) {
          writeText(options.out, text);
          output.result({ file: options.out }, "");
          output.message(`wrote ${options.out}`);
        } else output.result({ source: text }, text);
      }),
    );
}
