/** What a bug of ours leaves behind: a folder with the arguments, the versions, the stack and the sources. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { CommandFailure, reason } from "./failure.ts";
import { isFile, isFolder } from "./files.ts";
import { splitSource } from "./sources.ts";
import { VERSION } from "./version.ts";

/** Larger files than this are no source. */
const MAX_BYTES = 1_000_000;

/** Writes the bundle below `parent` and answers with the failure (exit code 3) that names its folder. */
export function bugReport(error: unknown, argv: readonly string[], parent = os.tmpdir()): CommandFailure {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const platform = `${process.platform} ${process.arch}`;
  const report = { argv, version: VERSION, node: process.version, platform, error: text, stack };
  try {
    const folder = fs.mkdtempSync(path.join(parent, "llmc-bug-"));
    fs.writeFileSync(path.join(folder, "report.json"), JSON.stringify(report, null, 2));
    for (const file of argv.flatMap((argument) => sourcesOf(splitSource(argument).path)))
      if (fs.statSync(file).size <= MAX_BYTES) fs.copyFileSync(file, path.join(folder, path.basename(file)));
    return new CommandFailure(3, "internal", `a bug in llmc: ${text}; what we need to repeat it is in ${folder}`);
  } catch (problem) {
    const why = `the report could not be written (${reason(problem)})`;
    return new CommandFailure(3, "internal", `a bug in llmc: ${text}; ${why}\n${stack ?? ""}`.trimEnd());
  }
}

/** The sources that an argument names: a `.llm` or `.json` file, or those of a folder. */
function sourcesOf(argument: string): readonly string[] {
  const isSource = (file: string): boolean => /\.llm$|(^|[\\/])config\.json$/.test(file) && isFile(file);
  if (isSource(argument)) return [argument];
  if (!isFolder(argument)) return [];
  return fs.readdirSync(argument).map((name) => path.join(argument, name)).filter(isSource); // prettier-ignore
}
