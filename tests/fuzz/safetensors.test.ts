/**
 * 5,000 hostile safetensors files: each is read as the oracle says or refused by a `SafetensorsError`, in little time,
 * and nothing longer than the file is asked of its source. As the weights of the model that the file was made for, each
 * gives all of them or a typed error.
 */
import { expect, test } from "vitest";
import { bytesOf } from "../../src/runtime/byte-source.ts";
import { SafetensorsError, WeightsError } from "../../src/runtime/errors.ts";
import type { Parameter } from "../../src/runtime/match-weights.ts";
import { readSafetensors } from "../../src/runtime/safetensors.ts";
import { loadWeights } from "../../src/runtime/weights.ts";
import { Rng } from "../../src/support/random.ts";
import { mutant, oracle } from "./safetensors.ts";
import type { Expected } from "./safetensors.ts";

const MUTANTS = 5000;
/** No header here is longer than 40 KB; a machine may be busy. */
const LIMIT_MS = 500;
/** The beginning of what a message quotes, and what stands before it. */
const LONGEST_MESSAGE = 1100;

const orError = <V>(promise: Promise<V>): Promise<unknown> => promise.catch((error: unknown) => error);
const byName = (entries: readonly Expected[]): readonly Expected[] =>
  [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Reads the header; the tensors or the error, and how many bytes were asked for. */
async function readCounting(file: Uint8Array): Promise<{ readonly result: unknown; readonly asked: number }> {
  const source = bytesOf(file, "m");
  let asked = 0;
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    asked += length;
    return source.read(offset, length);
  };
  const result = await orError(readSafetensors({ ...source, read }).then(({ tensors }) => [...tensors.values()]));
  return { result, asked };
}

/** Loads the tensors as f32; the error if any, and the bytes of each that were delivered. */
async function loadCounting(
  file: Uint8Array,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<{ readonly error: unknown; readonly delivered: ReadonlyMap<string, number> }> {
  const parameters = [...shapes].map(([path, dims]): Parameter => ({ path, dims, dtype: "f32" }));
  const delivered = new Map<string, number>();
  const loading = loadWeights(bytesOf(file), parameters, [], ({ path, bytes }) => {
    delivered.set(path, (delivered.get(path) ?? 0) + bytes.length);
  });
  return { error: await orError(loading), delivered };
}

/** The tensors of a valid file are those of the model, in types that it reads. */
function fits(entries: readonly Expected[], shapes: ReadonlyMap<string, readonly number[]>): boolean {
  const isOf = ({ name, dtype, shape }: Expected): boolean =>
    shapes.get(name)?.join() === shape.join() && ["F64", "F32", "F16", "BF16"].includes(dtype);
  return entries.length === shapes.size && entries.every(isOf);
}

test("hostile files are read right or refused", async () => {
  const rng = new Rng(11);
  const counts = { valid: 0, loaded: 0 };
  const reasons = new Set<string>();
  for (let i = 0; i < MUTANTS; i++) {
    const { file, shapes } = mutant(rng);
    const expected = oracle(file);
    const shown = `${i}: ${Buffer.from(file).toString("latin1").slice(0, 2000)}`;
    const begin = performance.now();
    const { result, asked } = await readCounting(file);
    expect(performance.now() - begin, shown).toBeLessThan(LIMIT_MS);
    expect(asked, shown).toBeLessThanOrEqual(file.length);
    const { error, delivered } = await loadCounting(file, shapes);
    if (expected === undefined) {
      for (const refusal of [result, error]) expect(refusal, shown).toBeInstanceOf(SafetensorsError);
      const { message } = result as Error;
      expect(message.length).toBeLessThan(LONGEST_MESSAGE);
      reasons.add(message.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|\d+/gs, ""));
      continue;
    }
    counts.valid++;
    expect(byName(result as readonly Expected[]), shown).toEqual(byName(expected));
    if (error === undefined) {
      counts.loaded++;
      expect(fits(expected, shapes), shown).toBe(true);
      const sizes = expected.filter(({ bytes }) => bytes > 0).map(({ name, shape }) => [name, 4 * shape.reduce((a, b) => a * b, 1)] as const); // prettier-ignore
      expect([...delivered].sort(), shown).toEqual(sizes.sort());
    } else {
      expect(error, shown).toBeInstanceOf(WeightsError);
      // Random bytes as f64 may be beyond what f32 can store.
      expect(fits(expected, shapes) && expected.every(({ dtype }) => dtype !== "F64"), shown).toBe(false);
    }
  }
  // The mutator reaches all answers, and many rules.
  expect(counts.valid).toBeGreaterThan(MUTANTS / 10);
  expect(counts.valid).toBeLessThan(MUTANTS / 2);
  expect(counts.loaded).toBeGreaterThan(MUTANTS / 50);
  expect(reasons.size).toBeGreaterThan(25);
});
