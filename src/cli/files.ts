/** Files as the command line sees them: read with a clear error, written so that a failure leaves the old ones. */
import fs from "node:fs";
import path from "node:path";
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

/** The mark of a folder that llmc made and may replace. */
export const PACKAGE_MARK = ".llmc-package";

/** Throws where `folder` may not be replaced: it is a file, or holds something and not our mark, and no `force`. */
export function refuseForeignFolder(folder: string, force: boolean): void {
  if (isFile(folder)) throw fileError(`${folder} is a file; --out needs a folder`);
  if (isFolder(folder) && !force && listFolder(folder).length > 0 && !isFile(path.join(folder, PACKAGE_MARK)))
    throw fileError(`${folder} holds files that llmc did not write; choose another --out, or give --force`);
}

/**
 * Replaces `folder` by the files, all or nothing: they are written to a sibling and renamed into place. A folder that
 * holds something and does not carry our mark is refused without `force`. `copies` are files taken over from elsewhere.
 */
export function replaceFolder(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  copies: ReadonlyMap<string, string>,
  force: boolean,
): void {
  refuseForeignFolder(folder, force);
  const target = path.resolve(folder);
  const fresh = `${target}.${process.pid}.new`;
  const old = `${target}.${process.pid}.old`;
  try {
    fs.rmSync(fresh, { recursive: true, force: true });
    fs.mkdirSync(fresh, { recursive: true });
    for (const [name, content] of files) {
      fs.mkdirSync(path.dirname(path.join(fresh, name)), { recursive: true });
      fs.writeFileSync(path.join(fresh, name), content);
    }
    for (const [name, from] of copies) fs.copyFileSync(from, path.join(fresh, name));
    fs.writeFileSync(path.join(fresh, PACKAGE_MARK), "llmc\n");
    if (isFolder(target)) fs.renameSync(target, old);
    fs.renameSync(fresh, target);
  } catch (error) {
    if (!isFolder(target) && isFolder(old)) fs.renameSync(old, target);
    throw fileError(`cannot write ${folder}: ${reason(error)}`);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
    fs.rmSync(old, { recursive: true, force: true });
  }
}
