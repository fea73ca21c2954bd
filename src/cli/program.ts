/**
 * The command tree and how a command ends: its exit code, and with `--json` one document whatever happened. A bug of
 * ours writes a reproduction bundle (arguments, versions, the stack) and names it.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command, CommanderError } from "commander";
import { CommandFailure, usageError } from "./failure.ts";
import type { ExitCode } from "./failure.ts";
import { Output } from "./output.ts";
import { failureOf } from "./runtime-failures.ts";
import { registerBuild } from "./commands/build.ts";
import { registerCheck } from "./commands/check.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerFmt } from "./commands/fmt.ts";
import { registerImport } from "./commands/import.ts";
import { registerInspect } from "./commands/inspect.ts";
import { registerRun } from "./commands/run.ts";
import { registerTokenize } from "./commands/tokenize.ts";
import { registerVerify } from "./commands/verify.ts";
import { VERSION } from "./version.ts";

/** Does a command's work. Returns the exit code if it is not 0. */
export type Perform = (work: (output: Output) => Promise<ExitCode | void>) => Promise<void>;

const COMMANDS = [
  registerBuild,
  registerCheck,
  registerFmt,
  registerExplain,
  registerInspect,
  registerRun,
  registerTokenize,
  registerVerify,
  registerImport,
  registerDoctor,
];

const EXAMPLES = `
Examples:
  $ llmc check model.llm                                 find mistakes
  $ llmc build model.llm --target webgpu --out model     write an npm package
  $ llmc run model.llm --prompt "Call me Ishmael."       generate text
  $ llmc inspect model.llm --stage tensor --after fuse   see a pass
  $ llmc verify folder                                   compare with a reference
`;

/** Runs one command line (without node and script) and answers with the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const output = new Output(argv.includes("--json"));
  let exitCode: number = 0;
  const program = new Command("llmc")
    .description("Compiles a transformer to GPU kernels and a typed npm package.")
    .version(VERSION)
    .addHelpText("before", `${EXAMPLES.trimStart()}`)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const perform: Perform = async (work) => {
    exitCode = (await work(output)) ?? 0;
  };
  for (const register of COMMANDS) register(program, perform);
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = asFailure(error, argv);
    output.failure(failure);
    exitCode = failure.exitCode;
  }
  return exitCode;
}

function asFailure(error: unknown, argv: readonly string[]): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof CommanderError) return usageError(usageText(error, argv));
  return failureOf(error) ?? bug(error, argv);
}

function usageText(error: CommanderError, argv: readonly string[]): string {
  if (error.code === "commander.help") return `no command given; commands: ${COMMAND_NAMES.join(", ")}`;
  return `${error.message.replace(/^error: /, "")}${argv.length === 0 ? "" : " (see llmc --help)"}`;
}

const COMMAND_NAMES = "build check fmt explain inspect run tokenize detokenize verify import doctor".split(" ");

/** Writes what we need to repeat a bug and says where it lies. */
function bug(error: unknown, argv: readonly string[]): CommandFailure {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "llmc-bug-"));
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const report = { argv, version: VERSION, node: process.version, platform: `${process.platform} ${process.arch}`, error: text, stack: error instanceof Error ? error.stack : undefined }; // prettier-ignore
  fs.writeFileSync(path.join(folder, "report.json"), JSON.stringify(report, null, 2));
  for (const argument of argv)
    if (/\.(llm|json)$/.test(argument) && fs.statSync(argument, { throwIfNoEntry: false })?.isFile())
      fs.copyFileSync(argument, path.join(folder, path.basename(argument)));
  return new CommandFailure(3, "internal", `a bug in llmc: ${text}; what we need to repeat it is in ${folder}`);
}
