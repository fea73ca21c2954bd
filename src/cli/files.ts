/** Files as the command line sees them: read with a clear error, written so that a failure leaves the old ones. */
import fs from "node:fs";
import type { SourceFile } from "../support/source.ts";
import { fileError, reason } from "./failure.ts";

export function readText(file: string): string {
  const bytes = readBytes(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fileError(`${file} is not UTF-8 text`);
  }
}

export function readBytes(file: string): Uint8Array {
  try {
    return new Uint8Array(fs.readFileSync(file));
  } catch (error) {
    throw fileError(`cannot read ${file}: ${reason(error)}`);
  }
}

export function readSource(file: string): SourceFile {
  return { path: file, text: readText(file) };
}

export function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

export function isFolder(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Names in a folder, sorted. */
export function listFolder(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch (error) {
    throw fileError(`cannot read the folder ${folder}: ${reason(error)}`);
  }
}

/** Writes through a temporary file beside it and a rename. */
export function writeText(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw fileError(`cannot write ${file}: ${reason(error)}`);
  }
}
