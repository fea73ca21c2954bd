/** `llmc run SOURCE`: compiles in memory, loads the weights and generates; with `--json` the ids and the times. */
import type { Command } from "commander";
import type { Model } from "../../runtime/index.ts";
import { CommandFailure, usageError } from "../failure.ts";
import { loadSource } from "../load-source.ts";
import {
  SOURCE_HELP,
  compileOptions,
  decimal,
  share,
  integer,
  targetOptions,
  tokenBias,
  tokenIds,
} from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Output } from "../output.ts";
import type { Perform } from "../program.ts";

interface RunFlags extends CompileFlags {
  readonly prompt?: string;
  readonly tokens?: readonly number[];
  readonly weights?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias?: Readonly<Record<number, number>>;
  readonly seed?: number;
  readonly target?: string;
  readonly threads?: number;
  readonly math: string;
  readonly stopEos?: boolean;
}

export function registerRun(program: Command, perform: Perform): void {
  const command = program
    .command("run")
    .description("generate text or tokens")
    .argument("<source>", SOURCE_HELP)
    .option("--prompt <text>", "text to continue (needs a tokenizer.json)")
    .option("--tokens <ids>", "token ids to continue, separated by commas", tokenIds)
    .option("--weights <file>", "safetensors file (default: model.safetensors beside the source)")
    .option("--max-tokens <n>", "tokens to generate at most", integer("--max-tokens"), 64)
    .option("--temperature <t>", "0 takes the most likely token", decimal("--temperature", 0, 100), 0)
    .option("--top-k <n>", "sample among this many", integer("--top-k", 0), 0)
    .option("--top-p <p>", "sample among the most likely ones of this probability", share("--top-p"), 1)
    .option(
      "--min-p <p>",
      "sample among those with this part of the best one's probability",
      decimal("--min-p", 0, 1),
      0,
    )
    .option(
      "--repetition-penalty <r>",
      "divides the logits of tokens that were there, prompt included",
      decimal("--repetition-penalty", 0.01, 100),
      1,
    )
    .option(
      "--presence-penalty <x>",
      "taken off the logits of tokens that were generated",
      decimal("--presence-penalty", -100, 100),
      0,
    )
    .option("--frequency-penalty <x>", "the same for each time", decimal("--frequency-penalty", -100, 100), 0)
    .option("--logit-bias <token=bias>", "added to a token's logit; -inf bans it (repeatable)", tokenBias)
    .option("--seed <n>", "seed of the sampling", integer("--seed", 0, 2 ** 32 - 1))
    .option("--math <mode>", "exact or fast", "exact")
    .option("--stop-eos", "stop at an end-of-text token (default with --prompt)")
    .option("--no-stop-eos", "go on after it (default with --tokens)");
  compileOptions(targetOptions(command)).action((given: string, flags: RunFlags) =>
    perform((output, interrupt) => {
      if ((flags.prompt === undefined) === (flags.tokens === undefined))
        throw usageError("give either --prompt or --tokens");
      if (flags.math !== "exact" && flags.math !== "fast")
        throw usageError(`--math is exact or fast, not \`${flags.math}\``);
      if ((flags.prompt ?? flags.tokens ?? []).length === 0) throw usageError("the prompt is empty");
      return interrupt.guard(async (signal) => {
        const { model } = await loadSource(given, { ...flags, entries: ["generate"], signal });
        try {
          if (flags.prompt !== undefined && model.tokenizer === undefined)
            throw new CommandFailure(5, "tokenizer", `${given} has no tokenizer.json beside it; give --tokens`);
          await generate(model, flags, output, signal);
        } finally {
          await model.close();
        }
      });
    }),
  );
}

/** Streams the text to people; with `--json` the ids and the times at the end. */
async function generate(model: Model, flags: RunFlags, output: Output, signal: AbortSignal): Promise<void> {
  const generation = model.generate(flags.prompt ?? flags.tokens ?? [], {
    maxTokens: flags.maxTokens,
    temperature: flags.temperature,
    topK: flags.topK,
    topP: flags.topP,
    minP: flags.minP,
    repetitionPenalty: flags.repetitionPenalty,
    presencePenalty: flags.presencePenalty,
    frequencyPenalty: flags.frequencyPenalty,
    logitBias: flags.logitBias,
    seed: flags.seed,
    stopAtEos: flags.stopEos ?? flags.prompt !== undefined,
    signal,
  });
  let text = "";
  for await (const piece of generation) {
    text += piece;
    if (!output.json && model.tokenizer !== undefined) process.stdout.write(piece);
    // The js target never waits: without a pause no signal would be heard.
    await new Promise((resume) => setImmediate(resume));
  }
  const { tokens, stop = "length" } = generation;
  const document = {
    target: model.device.target,
    adapter: model.device.adapter,
    profile: model.device.profile,
    math: flags.math,
    promptTokens: generation.promptTokens,
    tokens,
    text: model.tokenizer === undefined ? null : text,
    stop,
    prefillSeconds: generation.prefillSeconds,
    decodeSeconds: generation.decodeSeconds,
  };
  output.result(document, model.tokenizer === undefined ? tokens.join(",") : text.endsWith("\n") ? "" : "\n");
  if (stop === "length" && tokens.length < flags.maxTokens)
    output.message(`llmc: the context of ${model.context} tokens is full; --context gives it more`);
}
