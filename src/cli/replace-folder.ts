/** Replaces the folder of a package, all or nothing, and refuses where that would delete what is not llmc's to delete. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileError, reason } from "./failure.ts";
import { isFile, isFolder, listFolder } from "./files.ts";

/** The mark of a folder that llmc made and may replace. */
const PACKAGE_MARK = ".llmc-package";

export interface Replacing {
  /** Replace a folder without our mark too. */
  readonly force: boolean;
  /** The files and folders that the new content is made from: never inside of what is replaced. */
  readonly inputs: readonly string[];
}

/** Throws where `folder` may not be replaced: a file, somebody's files without `force`, or what nobody wants to lose. */
export function refuseForeignFolder(folder: string, { force, inputs }: Replacing): void {
  if (isFile(folder)) throw fileError(`${folder} is a file; --out needs a folder`);
  if (!isFolder(folder) || listFolder(folder).length === 0) return;
  const lost = lostWith(folder, inputs);
  if (lost !== undefined)
    throw fileError(`${folder} ${lost}, which a build would delete, with --force too; choose another --out`);
  if (!force && !isFile(path.join(folder, PACKAGE_MARK)))
    throw fileError(`${folder} holds files that llmc did not write; choose another --out, or give --force`);
}

/** What a person would lose with the folder, in words that follow its name; undefined where it is only the folder. */
function lostWith(folder: string, inputs: readonly string[]): string | undefined {
  const target = fs.realpathSync(folder);
  if (target === path.parse(target).root) return "is the root of the file system";
  const kept: readonly (readonly [place: string, what: string])[] = [
    [os.homedir(), "the home directory"],
    [process.cwd(), "the working directory"],
    ...inputs.map((input) => [input, `${input}, which the package is made from`] as const),
  ];
  for (const [place, what] of kept) {
    // A link counts with its own place and with what it points to.
    const places = [path.resolve(place), ...(fs.existsSync(place) ? [fs.realpathSync(place)] : [])];
    const inside = places.map((each) => path.relative(target, each));
    if (inside.includes("")) return `is ${what}`;
    if (inside.some((way) => way.split(path.sep)[0] !== ".." && !path.isAbsolute(way))) return `contains ${what}`;
  }
  return undefined;
}

/** Writes the files to a sibling and renames it into place. `copies` are files taken over from elsewhere. */
export function replaceFolder(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  copies: ReadonlyMap<string, string>,
  replacing: Replacing,
): void {
  refuseForeignFolder(folder, replacing);
  const target = path.resolve(folder);
  const fresh = `${target}.${process.pid}.new`;
  const old = `${target}.${process.pid}.old`;
  try {
    fs.rmSync(fresh, { recursive: true, force: true });
    makeFolder(fresh);
    for (const [name, content] of files) {
      makeFolder(path.dirname(path.join(fresh, name)));
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

/**
 * A folder and the parents that it lacks. Node 20's own `recursive` tries for ever where a parent exists and the system
 * says of a child that there is no such folder, as it does below /proc.
 */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolder(parent);
  fs.mkdirSync(folder);
}
