/** `llmc run SOURCE`: compiles in memory, loads the weights and generates; with `--json` the ids and the times. */
import type { Command } from "commander";
import { TARGETS } from "../../driver/profiles.ts";
import { CommandFailure, usageError } from "../failure.ts";
import { loadSource } from "../load-source.ts";
import { SOURCE_HELP, compileOptions, decimal, integer, tokenIds } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";

interface RunFlags extends CompileFlags {
  readonly prompt?: string;
  readonly tokens?: readonly number[];
  readonly weights?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed?: number;
  readonly target?: string;
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
    .option("--top-p <p>", "sample among the most likely ones of this probability", decimal("--top-p", 0, 1), 1)
    .option("--seed <n>", "seed of the sampling", integer("--seed", 0, 2 ** 32 - 1))
    .option("--target <name>", `${TARGETS.join(", ")} (default: webgpu on a GPU, else cpu)`)
    .option("--math <mode>", "exact or fast", "exact")
    .option("--stop-eos", "stop at an end-of-text token (default with --prompt)")
    .option("--no-stop-eos", "go on after it (default with --tokens)");
  compileOptions(command).action((given: string, flags: RunFlags) =>
    perform(async (output) => {
      if ((flags.prompt === undefined) === (flags.tokens === undefined))
        throw usageError("give either --prompt or --tokens");
      if (flags.math !== "exact" && flags.math !== "fast")
        throw usageError(`--math is exact or fast, not \`${flags.math}\``);
      const prompt = flags.prompt ?? flags.tokens ?? [];
      if (prompt.length === 0) throw usageError("the prompt is empty");
      const { model } = await loadSource(given, { ...flags, entries: ["generate"] });
      try {
        if (flags.prompt !== undefined && model.tokenizer === undefined)
          throw new CommandFailure(5, "tokenizer", `${given} has no tokenizer.json beside it; give --tokens`);
        const generation = model.generate(prompt, {
          maxTokens: flags.maxTokens,
          temperature: flags.temperature,
          topK: flags.topK,
          topP: flags.topP,
          seed: flags.seed,
          stopAtEos: flags.stopEos ?? flags.prompt !== undefined,
        });
        let text = "";
        for await (const piece of generation) {
          text += piece;
          if (!output.json && model.tokenizer !== undefined) process.stdout.write(piece);
          // The js target never waits: without a pause no signal would be heard.
          await new Promise((resume) => setImmediate(resume));
        }
        const ended = generation.stop === "length" && generation.tokens.length < flags.maxTokens;
        const document = {
          target: model.device.target,
          adapter: model.device.adapter,
          profile: model.device.profile,
          math: flags.math,
          promptTokens: generation.promptTokens,
          tokens: generation.tokens,
          text: model.tokenizer === undefined ? null : text,
          stop: generation.stop ?? "length",
          prefillSeconds: generation.prefillSeconds,
          decodeSeconds: generation.decodeSeconds,
        };
        output.result(
          document,
          model.tokenizer === undefined ? generation.tokens.join(",") : text.endsWith("\n") ? "" : "\n",
        );
        if (ended) output.message(`llmc: the context of ${model.context} tokens is full; --context gives it more`);
      } finally {
        await model.close();
      }
    }),
  );
}
