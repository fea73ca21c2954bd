/** The texts that `llmc inspect` and the playground show. */
import { printModule } from "../ir/index.ts";
import { printKernel } from "../kernel/index.ts";
import { printProgram } from "../plan/index.ts";
import type { SourceFile } from "../support/source.ts";
import { LOWER } from "./compile.ts";
import type { ProfileBuild } from "./compile.ts";
import { parseSource } from "./front-end.ts";

/** The syntax tree as JSON; a place is `start-end` in UTF-16 units. */
export function inspectAst(source: SourceFile): string {
  const { ast } = parseSource(source);
  const compact = (key: string, value: unknown): unknown => {
    if (key !== "span") return value;
    const { start, end } = value as { start: number; end: number };
    return `${start}-${end}`;
  };
  return JSON.stringify(ast, compact, 2);
}

/** The text behind a pass of a build that kept its texts; undefined where no such pass ran. */
export function inspectAfter(build: ProfileBuild, pass: string): string | undefined {
  if (pass === LOWER) return printProgram(build.lowered, printKernel);
  return build.records.filter((record) => record.pass === pass).at(-1)?.after;
}

/** The text of a stage at its end. */
export function inspectStage(build: ProfileBuild, stage: "tensor" | "kernel" | "wgsl" | "wat" | "js" | "plan"): string {
  switch (stage) {
    case "tensor":
      return printModule(build.module, { locs: false });
    case "kernel":
      return build.program.kernels.map((kernel) => printKernel(kernel)).join("\n");
    case "wgsl":
    case "wat":
    case "js":
      return [...build.code.values()].join("\n");
    case "plan":
      return printProgram({ ...build.program, kernels: [] }, printKernel);
  }
}
