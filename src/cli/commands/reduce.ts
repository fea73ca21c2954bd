/**
 * `llmc reduce FILE --when CMD`: the smallest source for which a command still exits with 0, as interestingness tests of
 * C-Reduce do. The command gets the path of a candidate for `{}`, else behind its words; the file itself is only read.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import { parseSource } from "../../driver/front-end.ts";
import { reduceSource } from "../../driver/reduce.ts";
import { hasErrors } from "../../support/diagnostic.ts";
import { CommandFailure, usageError } from "../failure.ts";
import { readSource, writeText } from "../files.ts";
import { integer } from "../options.ts";
import type { Perform } from "../program.ts";

interface ReduceFlags {
  readonly when: string;
  readonly out?: string;
  readonly timeout: number;
}

export function registerReduce(program: Command, perform: Perform): void {
  program
    .command("reduce")
    .description("make a source as small as possible while a command still exits with 0")
    .argument("<file>", "a .llm file; it is not changed")
    .requiredOption("--when <command>", "shell command; {} is the candidate's path, which else stands at its end")
    .option("--out <file>", "where the result goes (default: FILE.reduced.llm beside FILE)")
    .option("--timeout <s>", "a command that takes longer has failed", integer("--timeout"), 60)
    .option("--json", "print one JSON document")
    .action((given: string, { when, out, timeout }: ReduceFlags) =>
      perform((output, interrupt) =>
        interrupt.guard(async (signal) => {
          const target = out ?? given.replace(/(\.llm)?$/, ".reduced.llm");
          if (path.resolve(target) === path.resolve(given)) throw usageError("--out is the file itself, which stays as it is"); // prettier-ignore
          const source = readSource(given);
          const { diagnostics } = parseSource(source);
          if (hasErrors(diagnostics))
            throw new CommandFailure(1, "source", `${given} does not parse, and only what parses is reduced`, diagnostics, new Map([[given, source]])); // prettier-ignore
          const folder = mkdtempSync(path.join(tmpdir(), "llmc-reduce-"));
          try {
            const candidate = path.join(folder, path.basename(given));
            const isInteresting = async (text: string): Promise<boolean> => {
              writeFileSync(candidate, text);
              return (await exitCodeOf(commandLine(when, candidate), timeout, signal)) === 0;
            };
            if (!(await isInteresting(source.text)))
              throw usageError(`the command of --when does not exit with 0 for ${given} itself`);
            let smaller = source.text;
            const onSmaller = (text: string): void => {
              writeText(target, text);
              output.message(`${lineCount(text)} lines, ${text.length} characters`);
              smaller = text;
            };
            const { tried, accepted } = await reduceSource(source, { isInteresting, onSmaller, signal });
            if (accepted === 0) writeText(target, smaller);
            const sizes = { before: sizeOf(source.text), after: sizeOf(smaller) };
            output.result({ file: target, ...sizes, tried, accepted }, `${target}: ${sizes.after.lines} of ${sizes.before.lines} lines, ${tried} candidates tried`); // prettier-ignore
          } finally {
            rmSync(folder, { recursive: true, force: true });
          }
        }),
      ),
    );
}

/** The command for one candidate. */
function commandLine(when: string, candidate: string): string {
  const quoted = `'${candidate.replaceAll("'", "'\\''")}'`;
  return when.includes("{}") ? when.replaceAll("{}", quoted) : `${when} ${quoted}`;
}

/** The exit code of a shell command, whose output nobody sees; undefined where a signal or the time ended it. */
function exitCodeOf(command: string, seconds: number, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: "ignore", timeout: seconds * 1000, killSignal: "SIGKILL", signal }); // prettier-ignore
    child.on("error", () => resolve(undefined));
    child.on("exit", (code) => resolve(code ?? undefined));
  });
}

function lineCount(text: string): number {
  return text.trimEnd().split("\n").length;
}

function sizeOf(text: string): { readonly lines: number; readonly characters: number } {
  return { lines: lineCount(text), characters: text.length };
}
