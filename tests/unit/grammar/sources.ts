/** The `.llm` files of the repository: the standard library, the examples, and the sample of all constructs. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { SourceFile } from "../../../src/support/source.ts";
import { SAMPLE } from "./sample.ts";

const root = path.resolve(import.meta.dirname, "../../..");

export function sourceFiles(): readonly SourceFile[] {
  const folders = ["src/std", "bench/support", ...readdirSync(path.join(root, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `examples/${entry.name}`)]; // prettier-ignore
  const paths = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith(".llm"))
      .map((name) => `${folder}/${name}`),
  );
  const files = paths.map((name) => ({ path: name, text: readFileSync(path.join(root, name), "utf8") }));
  return [...files, { path: "sample.llm", text: SAMPLE }];
}
