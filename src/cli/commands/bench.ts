/** `llmc bench SOURCE`: tokens a second of prompt and answer, and with `--profile` where the time goes, by kernel. */
import type { Command } from "commander";
import { loadModel } from "../../runtime/index.ts";
import type { Model } from "../../runtime/index.ts";
import { measure, timeKernels } from "../bench/measure.ts";
import type { Kernels, Speed, Work } from "../bench/measure.ts";
import { usageError } from "../failure.ts";
import { prepareSource } from "../load-source.ts";
import { SOURCE_HELP, compileOptions, integer, targetOptions } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";

interface BenchFlags extends Omit<CompileFlags, "profile"> {
  readonly weights?: string;
  readonly promptTokens?: number;
  readonly maxTokens?: number;
  readonly runs: number;
  readonly target?: string;
  readonly deviceProfile?: string;
  readonly threads?: number;
  readonly profile?: boolean;
}

/** Between the ids of neighbouring tokens of the prompt: a prime, so that they are all different. */
const STEP = 7919;
/** Of the prompt and of the answer, where the context has room for both. */
const TOKENS = { prompt: 128, answer: 64 };

export function registerBench(program: Command, perform: Perform): void {
  const command = program
    .command("bench")
    .description("measure tokens a second, and where the time goes")
    .argument("<source>", SOURCE_HELP)
    .option("--weights <file>", "safetensors file (default: model.safetensors beside the source, else random ones)")
    .option("--prompt-tokens <n>", `tokens of the prompt (default: ${TOKENS.prompt})`, integer("--prompt-tokens"))
    .option("--max-tokens <n>", `tokens to generate (default: ${TOKENS.answer})`, integer("--max-tokens", 2))
    .option("--runs <n>", "the median of so many counts", integer("--runs", 1, 1000), 5)
    .option("--profile", "also the share of each kernel, by the device's clock where it has one");
  compileOptions(targetOptions(command), "--device-profile").action((given: string, flags: BenchFlags) =>
    perform((output, interrupt) =>
      interrupt.guard(async (signal) => {
        const { deviceProfile: profile, profile: hasKernels = false, ...rest } = flags;
        const prepared = await prepareSource(given, {
          ...rest,
          profile,
          orRandom: true,
          entries: ["generate"],
          signal,
        });
        if (prepared.isRandom) output.message(`llmc: no weights beside ${given}: random ones`);
        const model = await loadModel(prepared.data, prepared.options);
        const work = workOf(model.context, prepared.data.facts.vocab, flags);
        const speed = await measure(model, work, flags.runs, signal).finally(() => model.close());
        const kernels = hasKernels ? await timeKernels(prepared, work, signal) : undefined;
        const document = {
          ...model.device,
          weights: prepared.isRandom ? "random" : "file",
          promptTokens: work.prompt.length,
          tokens: work.tokens,
          ...speed,
          ...kernels,
        };
        output.result(document, text(given, model, work, speed, kernels));
      }),
    ),
  );
}

/** Throws `CommandFailure` 2 where the context has no room. */
function workOf(context: number, vocab: number, { promptTokens, maxTokens }: BenchFlags): Work {
  const prompt = promptTokens ?? Math.max(1, Math.min(TOKENS.prompt, context >> 1, context - (maxTokens ?? 2) + 1));
  // The first token of an answer needs no place.
  const room = context - prompt + 1;
  const tokens = maxTokens ?? Math.min(TOKENS.answer, room);
  if (tokens > room || tokens < 2)
    throw usageError(
      `a prompt of ${prompt} tokens and an answer of ${Math.max(2, tokens)} need a context of ${prompt + Math.max(2, tokens) - 1}, it is ${context}; --context gives it more`,
    );
  return { prompt: Array.from({ length: prompt }, (_, i) => (i * STEP) % vocab), tokens };
}

function text(given: string, { device }: Model, work: Work, speed: Speed, kernels: Kernels | undefined): string {
  const { prompt, tokens } = work;
  const promptTokens = prompt.length;
  const lines = [
    `${given} on ${device.target} (${device.adapter}, ${device.profile}), median of ${speed.runs}`,
    `  prompt of ${promptTokens} tokens  ${milliseconds(speed.prefillSeconds)}  ${rate(promptTokens / speed.prefillSeconds)}`,
    `  each of ${tokens - 1} tokens  ${milliseconds(speed.decodeSecondsPerToken)}  ${rate(1 / speed.decodeSecondsPerToken)}`,
  ];
  if (kernels === undefined) return lines.join("\n");
  if (kernels.clock === "host") lines.push("", "each launch is waited for, which counts: short kernels look longer");
  let last: string | undefined;
  for (const { entry, kernel, launches, seconds, share } of kernels.kernels) {
    if (entry !== last) lines.push("", `${entry}    share  launches  us each  kernel`);
    last = entry;
    const cells = [
      `${(share * 100).toFixed(1)} %`.padStart(7),
      String(launches).padStart(8),
      ((seconds / launches) * 1e6).toFixed(1).padStart(7),
    ];
    lines.push(`${" ".repeat(entry.length)}  ${cells.join("  ")}  ${kernel}`);
  }
  return lines.join("\n");
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toPrecision(3)} ms`.padStart(10);
}

function rate(perSecond: number): string {
  return `${perSecond.toPrecision(3)} tokens/s`;
}
