/** `llmc inspect SOURCE --stage S`: the text of a stage; `--after PASS` stops behind a pass. Texts go to stdout. */
import type { Command } from "commander";
import { PASS_NAMES, stageOfPass } from "../../driver/compile.ts";
import { PROFILES } from "../../driver/profiles.ts";
import { inspectAfter, inspectAst, inspectStage } from "../../driver/inspect.ts";
import { defined } from "../../support/errors.ts";
import { unknownName } from "../../support/suggest.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { compileSource } from "../compile-source.ts";
import { usageError } from "../failure.ts";
import { compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";
import { resolveSource } from "../sources.ts";

const STAGES = ["ast", "tensor", "kernel", "wgsl", "wat", "js", "plan"] as const;
type Stage = (typeof STAGES)[number];

interface InspectFlags extends CompileFlags {
  readonly stage?: string;
  readonly after?: string;
  readonly entries?: readonly string[];
}

export function registerInspect(program: Command, perform: Perform): void {
  const command = program
    .command("inspect")
    .description("show a stage of the compiler as text")
    .argument("<source>", "a .llm file, a folder with one, or a checkpoint folder")
    .option("--stage <name>", `${STAGES.join(", ")} (default: tensor, or the stage of the pass in --after)`)
    .option("--after <pass>", "the text behind this pass of the stages tensor, kernel and plan")
    .option("--entries <list>", "generate, forward (default: generate)", names);
  compileOptions(command).action((given: string, flags: InspectFlags) =>
    perform(async (output) => {
      const { after, entries = ["generate"] } = flags;
      const stage = chosenStage(flags.stage, after);
      const { file, weights } = resolveSource(given);
      if (stage === "ast") {
        const text = inspectAst(file);
        output.result({ stage, text }, text);
        return;
      }
      const checkpoint = weights === undefined ? undefined : await readCheckpoint(weights);
      const target = stage === "js" ? "js" : stage === "wat" ? "cpu" : "webgpu";
      // One profile is shown, so one is built: without a name the one that a package would try first.
      const profile = flags.profile ?? PROFILES.find((info) => info.target === target)?.name;
      const compilation = compileSource(file, { ...flags, entries, targets: [], profile, texts: true, checkpoint });
      const build = defined(compilation.builds[0], "a compilation that succeeds has a build");
      const text = after === undefined ? inspectStage(build, stage) : inspectAfter(build, after);
      if (text === undefined) throw usageError(`the pass \`${after}\` did not run`);
      output.message(`profile ${build.profile.name}`);
      output.result({ stage, profile: build.profile.name, text }, text);
    }),
  );
}

/** The stage that the two flags name together. */
function chosenStage(name: string | undefined, after: string | undefined): Stage {
  const stage = STAGES.find((known) => known === name);
  if (name !== undefined && stage === undefined) throw usageError(unknownName("stage", name, STAGES));
  if (after === undefined) return stage ?? "tensor";
  const ofPass = stageOfPass(after);
  if (ofPass === undefined) throw usageError(unknownName("pass", after, PASS_NAMES));
  if (stage !== undefined && stage !== ofPass)
    throw usageError(`the pass \`${after}\` belongs to the stage ${ofPass}, not to ${stage}`);
  return ofPass;
}
