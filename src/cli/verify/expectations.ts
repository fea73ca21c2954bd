/** The recorded answers of a folder: tensors of `golden.safetensors`, and greedy tokens of `expected.json`. */
import path from "node:path";
import { openBytes } from "../../runtime/byte-source.ts";
import { readTensors } from "../../weights/tensors.ts";
import type { NamedTensor } from "../../weights/tensors.ts";
import { fileError } from "../failure.ts";
import { isFile, isFolder, readText } from "../files.ts";

export interface Greedy {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
}

export interface Expectations {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly greedy?: Greedy;
}

/** Throws `CommandFailure` 5 where the folder has no answers or they are malformed. */
export async function readExpectations(folder: string): Promise<Expectations> {
  if (!isFolder(folder)) throw fileError(`${folder}: no such folder`);
  const golden = path.join(folder, "golden.safetensors");
  const expected = path.join(folder, "expected.json");
  if (!isFile(golden) && !isFile(expected))
    throw fileError(`${folder} has neither golden.safetensors nor expected.json`);
  return { tensors: await tensorsOf(golden), greedy: isFile(expected) ? greedyOf(expected) : undefined };
}

async function tensorsOf(file: string): Promise<ReadonlyMap<string, NamedTensor>> {
  const source = await openBytes(file);
  if (source === undefined) return new Map();
  try {
    return await readTensors(source);
  } finally {
    await source.close?.();
  }
}

function greedyOf(file: string): Greedy | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readText(file));
  } catch (error) {
    throw fileError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { prompt, greedy } = (parsed ?? {}) as { prompt?: unknown; greedy?: unknown };
  if (prompt === undefined && greedy === undefined) return undefined;
  if (!isTokens(prompt) || !isTokens(greedy)) throw fileError(`${file}: prompt and greedy are not lists of token ids`);
  return { prompt, tokens: greedy };
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => Number.isInteger(id) && id >= 0);
}
