/** `llmc verify FOLDER`: runs a checkpoint and compares with the recorded answers that lie beside it. */
import path from "node:path";
import type { Command } from "commander";
import type { VerifyRow } from "../../driver/verify.ts";
import { CommandFailure } from "../failure.ts";
import { defaultTarget } from "../load-source.ts";
import { compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";
import { readExpectations } from "../verify/expectations.ts";
import { verifyTarget } from "../verify/verify-target.ts";

interface VerifyFlags extends CompileFlags {
  readonly model?: string;
  readonly target?: readonly string[];
  readonly training?: boolean;
}

export function registerVerify(program: Command, perform: Perform): void {
  const command = program
    .command("verify")
    .description("compare a checkpoint's outputs with recorded answers (golden.safetensors, expected.json)")
    .argument("<folder>", "config.json, model.safetensors and the answers")
    .option("--model <file>", "a .llm file instead of the imported config.json")
    .option("--target <list>", "targets, separated by commas; `reference` is the interpreter", names)
    .option("--training", "also compare gradients and training losses");
  compileOptions(command).action((folder: string, flags: VerifyFlags) =>
    perform(async (output) => {
      if (flags.training === true)
        throw new CommandFailure(2, "usage", "--training: this version of llmc derives no gradients");
      const expected = await readExpectations(folder);
      const rows: VerifyRow[] = [];
      for (const target of flags.target ?? [await defaultTarget()])
        rows.push(...(await verifyTarget(folder, flags.model, target, expected, flags)));
      const ok = rows.every((row) => row.ok);
      output.result({ ok, outputs: rows }, table(rows));
      if (!ok) output.message(`${path.basename(folder)}: ${rows.filter((row) => !row.ok).length} outputs are wrong`);
      return ok ? 0 : 1;
    }),
  );
}

function table(rows: readonly VerifyRow[]): string {
  const figure = (x: number | null): string => (x === null ? "-" : x === 0 ? "0" : x.toExponential(2));
  const lines = rows.map(
    ({ name, target, maxError, tolerance, ok, reason }) =>
    [ok ? "ok  " : "FAIL", target.padEnd(10), name.padEnd(16), figure(maxError).padStart(10), "of", figure(tolerance).padStart(9), reason ?? ""].join(" ").trimEnd(), // prettier-ignore
  );
  return lines.join("\n");
}
