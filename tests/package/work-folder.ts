/** A folder for the files of one file of tests, gone behind the last of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export interface WorkFolder {
  readonly work: string;
  /** Writes a file there and gives its path. */
  write(name: string, text: string): string;
}

export function workFolder(): WorkFolder {
  const work = mkdtempSync(join(tmpdir(), "llmc-test-"));
  afterAll(() => rmSync(work, { recursive: true }));
  return {
    work,
    write(name, text) {
      const file = join(work, name);
      writeFileSync(file, text);
      return file;
    },
  };
}
