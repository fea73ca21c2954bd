/** The recorded answers of a folder: tensors of `golden.safetensors`, and greedy tokens of `expected.json`. */
import path from "node:path";
import { openBytes } from "../../runtime/byte-source.ts";
import { readTensors } from "../../weights/tensors.ts";
import type { NamedTensor } from "../../weights/tensors.ts";
import { fileError, reason } from "../failure.ts";
import { isFile, isFolder, readText } from "../files.ts";

export interface Greedy {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
}

export interface Expectations {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** One continuation a prompt; absent where none was recorded. */
  readonly greedy?: readonly Greedy[];
  /** Whether losses of training steps were recorded. */
  readonly hasTraining: boolean;
}

/** Throws `CommandFailure` 5 where the folder has no answers or they are malformed. */
export async function readExpectations(folder: string): Promise<Expectations> {
  if (!isFolder(folder)) throw fileError(`${folder}: no such folder`);
  const golden = path.join(folder, "golden.safetensors");
  const expected = path.join(folder, "expected.json");
  if (!isFile(golden) && !isFile(expected))
    throw fileError(`${folder} has neither golden.safetensors nor expected.json`);
  const answers = isFile(expected) ? readAnswers(expected) : {};
  const greedy = greedyOf(expected, answers);
  const tensors = await tensorsOf(golden);
  if (greedy === undefined && ![...tensors.keys()].some((name) => name.startsWith("out.")))
    throw fileError(`${folder} has no out.* tensor and no greedy tokens to compare with`);
  return {
    tensors,
    ...(greedy === undefined ? {} : { greedy }),
    hasTraining: answers["training"] !== undefined,
  };
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

function readAnswers(file: string): Readonly<Record<string, unknown>> {
  const text = readText(file);
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch (error) {
    throw fileError(`${file} is not JSON: ${reason(error)}`);
  }
  throw fileError(`${file} is not a JSON object`);
}

/** `prompt` and `greedy`, or `prompts: { text: { tokens, greedy } }`. */
function greedyOf(file: string, answers: Readonly<Record<string, unknown>>): readonly Greedy[] | undefined {
  const { prompt, greedy, prompts } = answers;
  if (prompt !== undefined || greedy !== undefined) return [greedyFrom(file, prompt, greedy)];
  if (typeof prompts !== "object" || prompts === null) return undefined;
  return Object.values(prompts).map((answer: { readonly tokens?: unknown; readonly greedy?: unknown } | null) =>
    greedyFrom(file, answer?.tokens, answer?.greedy),
  );
}

function greedyFrom(file: string, prompt: unknown, tokens: unknown): Greedy {
  if (!isTokens(prompt) || !isTokens(tokens)) throw fileError(`${file}: prompt and greedy are not lists of token ids`);
  return { prompt, tokens };
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => Number.isInteger(id) && id >= 0);
}
