/** `llmc verify FOLDER`: runs a checkpoint and compares with the recorded answers that lie beside it. */
import path from "node:path";
import type { Command } from "commander";
import type { VerifyRow } from "../../driver/verify.ts";
import { missingRow } from "../../driver/verify.ts";
import { TARGETS, unknownTarget } from "../../driver/profiles.ts";
import { usageError } from "../failure.ts";
import { defaultTarget } from "../load-source.ts";
import { compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";
import type { Expectations } from "../verify/expectations.ts";
import { openSubject } from "../verify/subject.ts";
import { REFERENCE, verifyTarget } from "../verify/verify-target.ts";

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
    .option(
      "--model <file>",
      "a .llm file (FILE#NAME for one of several models) instead of the imported config.json, whose values it takes by name",
    )
    .option("--target <list>", "targets, separated by commas; `reference` is the interpreter", names)
    .option("--training", "also compare gradients and training losses");
  compileOptions(command).action((folder: string, flags: VerifyFlags) =>
    perform(async (output, interrupt) => {
      const known = [...TARGETS, REFERENCE];
      const unknown = flags.target?.find((target) => !known.includes(target));
      if (unknown !== undefined) throw usageError(unknownTarget(unknown, known));
      const subject = await openSubject(folder, flags.model);
      const targets = flags.target ?? [await defaultTarget()];
      const rows: VerifyRow[] = [];
      for (const target of new Set(targets)) {
        rows.push(...(await interrupt.guard((signal) => verifyTarget(subject, target, flags, signal))));
        if (flags.training === true) rows.push(...trainingRows(subject.expected, target));
      }
      const ok = rows.every((row) => row.ok);
      output.result({ ok, outputs: rows }, table(rows));
      if (!ok) {
        output.message(`${path.basename(folder)}: ${rows.filter((row) => !row.ok).length} outputs are wrong`);
        const rounding = (["storage", "compute"] as const).find((name) => (flags[name] ?? "f32") !== "f32");
        if (rounding !== undefined)
          output.message(`the tolerances are those of f32: what \`--${rounding}\` rounds counts as an error`);
      }
      return ok ? 0 : 1;
    }),
  );
}

/** The recorded gradients and losses, none of which this version can compute. */
function trainingRows({ tensors, hasTraining }: Expectations, target: string): readonly VerifyRow[] {
  const reason = "llmc derives no gradients yet";
  const gradients = [...tensors.values()].filter(({ name }) => name.startsWith("grad."));
  const losses = hasTraining ? [{ name: "training", data: [] }] : [];
  return [...gradients, ...losses].map((each) => missingRow(each, target, reason));
}

function table(rows: readonly VerifyRow[]): string {
  const figure = (x: number | null): string => (x === null ? "-" : x === 0 ? "0" : x.toExponential(2));
  const lines = rows.map(
    ({ name, target, maxError, tolerance, ok, reason }) =>
    [ok ? "ok  " : "FAIL", target.padEnd(10), name.padEnd(16), figure(maxError).padStart(10), "of", figure(tolerance).padStart(9), reason ?? ""].join(" ").trimEnd(), // prettier-ignore
  );
  return lines.join("\n");
}
