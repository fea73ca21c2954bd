/** `llmc inspect SOURCE --stage S`: the text of a stage; `--after PASS` stops behind a pass. Texts go to stdout. */
import type { Command } from "commander";
import type { ProfileBuild } from "../../driver/compile.ts";
import { inspectAst, inspectStage } from "../../driver/inspect.ts";
import { compileSource } from "../compile-source.ts";
import { usageError } from "../failure.ts";
import { compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";
import { resolveSource } from "../sources.ts";

const STAGES = ["ast", "tensor", "kernel", "wgsl", "js", "plan"] as const;
type Stage = (typeof STAGES)[number];

interface InspectFlags extends CompileFlags {
  readonly stage: string;
  readonly after?: string;
  readonly entries: readonly string[];
}

export function registerInspect(program: Command, perform: Perform): void {
  const command = program
    .command("inspect")
    .description("show a stage of the compiler as text")
    .argument("<source>", "a .llm file, a folder with one, or a checkpoint folder")
    .option("--stage <name>", `${STAGES.join(", ")}`, "tensor")
    .option("--after <pass>", "the text behind this pass (stages tensor, kernel, plan)")
    .option("--entries <list>", "generate, forward", names, ["generate"]);
  compileOptions(command).action((given: string, flags: InspectFlags) =>
    perform(async (output) => {
      const stage = stageNamed(flags.stage);
      const { file } = resolveSource(given);
      if (stage === "ast") {
        const text = inspectAst(file);
        output.result({ stage, text }, text);
        return;
      }
      const target = stage === "js" ? "js" : "webgpu";
      const compilation = compileSource(file, { ...flags, targets: [target], texts: true });
      const build = chosen(compilation.builds);
      const text = inspectStage(build, stage, flags.after);
      if (text === undefined) {
        const passes = build.records.map((record) => record.pass);
        throw usageError(`no pass \`${flags.after}\` has a text here; passes: ${[...new Set(passes)].join(", ")}`);
      }
      output.message(`profile ${build.profile.name}`);
      output.result({ stage, profile: build.profile.name, text }, text);
    }),
  );
}

function stageNamed(name: string): Stage {
  const found = STAGES.find((stage) => stage === name);
  if (found === undefined) throw usageError(`--stage is one of ${STAGES.join(", ")}, not \`${name}\``);
  return found;
}

function chosen(builds: readonly ProfileBuild[]): ProfileBuild {
  const [first] = builds;
  if (first === undefined) throw usageError("no profile was built");
  return first;
}
