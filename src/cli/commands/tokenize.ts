/** `llmc tokenize SOURCE TEXT` and `llmc detokenize SOURCE IDS`: the tokenizer beside a model, both ways. */
import type { Command } from "commander";
import { readTokenizer } from "../../runtime/tokenizer.ts";
import type { Tokenizer } from "../../runtime/public-types.ts";
import { CommandFailure } from "../failure.ts";
import { readText } from "../files.ts";
import { SOURCE_HELP, tokenIds } from "../options.ts";
import type { Perform } from "../program.ts";
import { resolveSource } from "../sources.ts";

export function registerTokenize(program: Command, perform: Perform): void {
  program
    .command("tokenize")
    .description("token ids of a text; none are added")
    .argument("<source>", SOURCE_HELP)
    .argument("<text>")
    .option("--special", "recognise special tokens in the text")
    .option("--json", "print one JSON document")
    .action((given: string, text: string, options: { special?: boolean }) =>
      perform(async (output) => {
        const tokens = tokenizerOf(given).encode(text, { special: options.special });
        output.result({ tokens }, tokens.join(","));
      }),
    );
  program
    .command("detokenize")
    .description("the text of token ids")
    .argument("<source>", SOURCE_HELP)
    .argument("<tokens>", "ids, separated by commas", tokenIds)
    .option("--json", "print one JSON document")
    .action((given: string, tokens: readonly number[]) =>
      perform(async (output) => {
        const text = tokenizerOf(given).decode(tokens);
        output.result({ text }, text);
      }),
    );
}

function tokenizerOf(given: string): Tokenizer {
  const { tokenizer } = resolveSource(given);
  if (tokenizer === undefined) throw new CommandFailure(5, "file", `${given} has no tokenizer.json beside it`);
  return readTokenizer(readText(tokenizer));
}
