/**
 * The command tree and how a command ends: its exit code, and with `--json` one document whatever happened. A bug of
 * ours leaves a report (`bug-report.ts`).
 */
import { Command, CommanderError } from "commander";
import { bugReport } from "./bug-report.ts";
import { applyDefaults } from "./defaults.ts";
import { CommandFailure, usageError } from "./failure.ts";
import type { ExitCode } from "./failure.ts";
import { exampleText } from "./help-examples.ts";
import type { Interrupt } from "./interrupt.ts";
import { Output } from "./output.ts";
import { failureOf } from "./runtime-failures.ts";
import { registerBench } from "./commands/bench.ts";
import { registerBuild } from "./commands/build.ts";
import { registerCheck } from "./commands/check.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerFmt } from "./commands/fmt.ts";
import { registerImport } from "./commands/import.ts";
import { registerInspect } from "./commands/inspect.ts";
import { registerReduce } from "./commands/reduce.ts";
import { registerRun } from "./commands/run.ts";
import { registerTokenize } from "./commands/tokenize.ts";
import { registerVerify } from "./commands/verify.ts";
import { VERSION } from "./version.ts";

/** Does a command's work. Returns the exit code if it is not 0. */
export type Perform = (work: (output: Output, interrupt: Interrupt) => Promise<ExitCode | void>) => Promise<void>;

const COMMANDS = [
  registerBuild,
  registerCheck,
  registerFmt,
  registerExplain,
  registerInspect,
  registerReduce,
  registerRun,
  registerTokenize,
  registerVerify,
  registerBench,
  registerImport,
  registerDoctor,
];

/** Runs one command line (without node and script) and answers with the exit code. */
export async function runCommandLine(argv: readonly string[], interrupt: Interrupt): Promise<number> {
  const output = new Output(argv.includes("--json"));
  let exitCode: number = 0;
  const help: string[] = [];
  const program = new Command("llmc")
    .description("Compiles a transformer to GPU kernels and a typed npm package.")
    .version(VERSION)
    .option("--json", "print one JSON document, also of a call that names no command")
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: (text) => help.push(text) })
    .hook("preAction", (_, command) => applyDefaults(command, process.env, (text) => output.message(text)));
  const perform: Perform = async (work) => {
    exitCode = (await work(output, interrupt)) ?? 0;
  };
  for (const register of COMMANDS) register(program, perform);
  for (const command of [program, ...program.commands])
    command.addHelpText("beforeAll", (context) => (context.command === command ? exampleText(command.name()) : ""));
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      output.result({ text: help.join("") }, help.join(""));
      return 0;
    }
    // What failed behind a signal failed because of it.
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    const failure = asFailure(error, argv, program);
    output.failure(failure);
    exitCode = failure.exitCode;
  }
  return interrupt.exitCode ?? exitCode;
}

function asFailure(error: unknown, argv: readonly string[], program: Command): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof CommanderError) return usageError(usageText(error, program));
  return failureOf(error) ?? bugReport(error, argv);
}

function usageText(error: CommanderError, program: Command): string {
  if (error.code === "commander.help" || error.message === "(outputHelp)")
    return `no command given; there are: ${program.commands.map((command) => command.name()).join(", ")} (see llmc --help)`;
  return `${error.message.replace(/^error: /, "").replaceAll("\n", " ")} (see llmc --help)`;
}
