/** `llmc inspect SOURCE --stage S`: the text of a stage; `--after PASS` stops behind a pass. Texts go to stdout. */
import type { Command } from "commander";
import { STEP_NAMES, stageOfPass } from "../../driver/steps.ts";
import { PROFILES, targetOfProfile } from "../../driver/profiles.ts";
import {
  BUILD_STAGES,
  codeStageOf,
  inspectAst,
  inspectCompilation,
  lastStepFor,
  targetOfStage,
} from "../../driver/inspect.ts";
import type { SourceFile } from "../../support/source.ts";
import { memoryMaps, memorySvg, memoryText } from "../../driver/memory-map.ts";
import { defined } from "../../support/errors.ts";
import { whyText } from "../../driver/why-text.ts";
import { why } from "../../driver/why.ts";
import type { Told } from "../../driver/why.ts";
import { unknownName } from "../../support/suggest.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { compileSource, entriesNote, wantedEntries } from "../compile-source.ts";
import { CommandFailure, usageError } from "../failure.ts";
import { SOURCE_HELP, compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Output } from "../output.ts";
import type { Perform } from "../program.ts";
import { resolveSource } from "../sources.ts";

const STAGES = ["ast", ...BUILD_STAGES] as const;
type Stage = (typeof STAGES)[number];

interface InspectFlags extends CompileFlags {
  readonly stage?: string;
  readonly after?: string;
  readonly entries?: readonly string[];
  readonly why?: readonly string[];
  readonly memory?: string | true;
}

export function registerInspect(program: Command, perform: Perform): void {
  const command = program
    .command("inspect")
    .description("show a stage of the compiler as text")
    .argument("<source>", SOURCE_HELP)
    .option("--stage <name>", `${STAGES.join(", ")} (default: tensor, or the stage of the pass in --after)`)
    .option("--after <pass>", "the text behind this pass of the stages tensor, kernel and plan")
    .option(
      "--why <names...>",
      "why two ops are one kernel or two: values, kernels, ops, or lines such as model.llm:12",
    )
    .option("--memory [form]", "where the values of each plan lie and for how long, as text or svg")
    .option("--entries <list>", "generate, forward (default: generate, or forward where the model cannot)", names);
  compileOptions(command).action((given: string, flags: InspectFlags) =>
    perform(async (output) => {
      const { after } = flags;
      if (flags.why !== undefined) return explainKernels(given, flags, flags.why, output);
      if (flags.memory !== undefined) return showMemory(given, flags, flags.memory, output);
      const stage = chosenStage(flags.stage, after);
      const profile = chosenProfile(stage, flags.profile);
      const source = resolveSource(given);
      if (stage === "ast") {
        const text = astText(source.file);
        output.result({ stage, text }, text);
        return;
      }
      const checkpoint = source.weights === undefined ? undefined : await readCheckpoint(source.weights);
      const until = lastStepFor(stage, after);
      const entries = wantedEntries(flags.entries);
      const compilation = compileSource(source, { ...flags, ...entries, targets: [], profile, texts: true, until, checkpoint }); // prettier-ignore
      const note = entriesNote(compilation);
      if (note !== undefined) output.message(note);
      const shown = inspectCompilation(compilation, stage, until);
      output.message(`profile ${shown.profile}`);
      output.result({ stage, ...shown }, shown.text);
    }),
  );
}

/** `--memory`: a whole build for one profile, and the map of its arena. */
async function showMemory(given: string, flags: InspectFlags, form: string | true, output: Output): Promise<void> {
  const isSvg = form === "svg";
  if (!isSvg && form !== true && form !== "text")
    throw usageError(unknownName("form of `--memory`", form, ["text", "svg"]));
  const source = resolveSource(given);
  const checkpoint = source.weights === undefined ? undefined : await readCheckpoint(source.weights);
  const profile = chosenProfile("plan", flags.profile);
  const compilation = compileSource(source, { ...flags, ...wantedEntries(flags.entries), targets: [], profile, checkpoint }); // prettier-ignore
  const note = entriesNote(compilation);
  if (note !== undefined) output.message(note);
  const build = defined(compilation.builds[0], "a compilation that succeeds has a build");
  const plans = memoryMaps(build.program);
  output.message(`profile ${build.profile.name}`);
  output.result({ profile: build.profile.name, plans }, isSvg ? memorySvg(plans) : memoryText(plans));
}

/** `--why A B`: the tensor passes run up to fuse, which tells its decisions. */
async function explainKernels(
  given: string,
  flags: InspectFlags,
  asked: readonly string[],
  output: Output,
): Promise<void> {
  const [first, second, ...more] = asked;
  if (first === undefined || second === undefined || more.length > 0)
    throw usageError(`--why takes two names, not ${asked.length}; the source stands in front of it`);
  if (flags.stage !== undefined || flags.after !== undefined)
    throw usageError("--why is about the pass fuse; it takes no --stage and no --after");
  const source = resolveSource(given);
  const checkpoint = source.weights === undefined ? undefined : await readCheckpoint(source.weights);
  const told: Told[] = [];
  const compilation = compileSource(source, {
    ...flags,
    ...wantedEntries(flags.entries),
    targets: [],
    profile: chosenProfile("tensor", flags.profile),
    until: "fuse",
    checkpoint,
    decided: (func, decision) => told.push({ func, decision }),
  });
  const answers = why(told, first, second);
  if (typeof answers === "string") throw usageError(`${answers}; see \`llmc inspect ${given} --after ${BEFORE_FUSE}\``);
  const profile = compilation.traces[0]?.profile.name;
  output.message(`profile ${profile}`);
  output.result({ profile, why: answers }, whyText(answers));
}

/** The step whose text has the names that `--why` takes. */
const BEFORE_FUSE = STEP_NAMES[STEP_NAMES.indexOf("fuse") - 1];

/** The text of the tree, or the diagnostics of a source that does not parse. */
function astText(file: SourceFile): string {
  const { text, diagnostics } = inspectAst(file);
  if (text !== undefined) return text;
  throw new CommandFailure(1, "source", `${file.path} has errors`, diagnostics, new Map([[file.path, file]]));
}

/** One profile is shown, so one is built: without a name the one that a package would try first. */
function chosenProfile(stage: Stage, name: string | undefined): string | undefined {
  const target = targetOfStage(stage);
  if (name === undefined) return PROFILES.find((info) => info.target === (target ?? "webgpu"))?.name;
  const own = targetOfProfile(name);
  if (own === undefined || target === undefined || own === target) return name;
  throw usageError(`the stage ${stage} is code of the target ${target}; the profile \`${name}\` belongs to ${own}: ask for --stage ${codeStageOf(own)}`); // prettier-ignore
}

/** The stage that the two flags name together. */
function chosenStage(name: string | undefined, after: string | undefined): Stage {
  const stage = STAGES.find((known) => known === name);
  if (name !== undefined && stage === undefined) throw usageError(unknownName("stage", name, STAGES));
  if (after === undefined) return stage ?? "tensor";
  const ofPass = stageOfPass(after);
  if (ofPass === undefined) throw usageError(unknownName("pass", after, STEP_NAMES));
  if (stage !== undefined && stage !== ofPass)
    throw usageError(`the pass \`${after}\` belongs to the stage ${ofPass}, not to ${stage}`);
  return ofPass;
}
