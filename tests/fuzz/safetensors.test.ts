/**
 * 5,000 hostile safetensors files: each is read as the oracle says or refused by a `SafetensorsError`, in little time,
 * and nothing longer than the file is asked of its source.
 */
import { expect, test } from "vitest";
import { bytesOf } from "../../src/runtime/byte-source.ts";
import { SafetensorsError } from "../../src/runtime/errors.ts";
import { readSafetensors } from "../../src/runtime/safetensors.ts";
import { Rng } from "../../src/support/random.ts";
import type { Expected } from "./safetensors.ts";
import { mutant, oracle } from "./safetensors.ts";

const MUTANTS = 5000;
const LIMIT_MS = 200;

const byName = (entries: readonly Expected[]): readonly Expected[] =>
  [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1").slice(0, 2000);

test("hostile files are read right or refused", async () => {
  const rng = new Rng(11);
  let accepted = 0;
  const reasons = new Set<string>();
  for (let i = 0; i < MUTANTS; i++) {
    const file = mutant(rng);
    const expected = oracle(file);
    const source = bytesOf(file, "m");
    let asked = 0;
    const read = (offset: number, length: number): Promise<Uint8Array> => {
      asked += length;
      return source.read(offset, length);
    };
    const begin = performance.now();
    const result = await readSafetensors({ ...source, read }).then(
      ({ tensors }) => [...tensors.values()],
      (error: unknown) => error,
    );
    expect(performance.now() - begin, textOf(file)).toBeLessThan(LIMIT_MS);
    expect(asked, textOf(file)).toBeLessThanOrEqual(file.length);
    if (expected === undefined) {
      expect(result, `${i}: ${textOf(file)}`).toBeInstanceOf(SafetensorsError);
      const { message } = result as Error;
      expect(message.length).toBeLessThan(1100);
      reasons.add(message.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|\d+/gs, ""));
    } else {
      expect(byName(result as readonly Expected[]), `${i}: ${textOf(file)}`).toEqual(byName(expected));
      accepted++;
    }
  }
  // The mutator reaches both answers, and many rules.
  expect(accepted).toBeGreaterThan(MUTANTS / 10);
  expect(accepted).toBeLessThan(MUTANTS / 2);
  expect(reasons.size).toBeGreaterThan(25);
});
