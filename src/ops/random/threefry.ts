/**
 * Threefry-2x32 with 20 rounds: random bits as a function of a key and a counter, with additions, rotations and
 * exclusive-ors of 32 bits only, so that every target computes the same bits. Salmon, Moraes, Dror and Shaw 2011,
 * "Parallel random numbers: as easy as 1, 2, 3", section 4 and its library Random123.
 */
import type { ScalarBuilder } from "../../ir/op-def.ts";
import { at } from "../support/tensor.ts";

const ROTATIONS: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24];
const ROUNDS = 20;
/** Exclusive-or of the key's words and this is the third word of the key schedule. */
const PARITY = 0x1bd11bda;

export interface ThreefryInput<E> {
  readonly key: readonly [E, E];
  readonly counter: readonly [E, E];
}

/** The first of the two words, u32. */
export function threefry(input: ThreefryInput<number>): number {
  const [k0, k1] = input.key;
  const keys = [k0, k1, PARITY ^ k0 ^ k1];
  let x = (input.counter[0] + k0) | 0;
  let y = (input.counter[1] + k1) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const turn = at(ROTATIONS, round % 8);
    x = (x + y) | 0;
    y = ((y << turn) | (y >>> (32 - turn))) ^ x;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    x = (x + at(keys, injection % 3)) | 0;
    y = (y + at(keys, (injection + 1) % 3) + injection) | 0;
  }
  return x >>> 0;
}

/** The same in scalar operations on u32, unrolled. */
export function threefryScalar<E>(s: ScalarBuilder<E>, { key, counter }: ThreefryInput<E>): E {
  const word = (x: number): E => s.constant(x, "u32");
  const xor = (a: E, b: E): E => s.binary("xor", a, b);
  const add = (a: E, b: E): E => s.binary("add", a, b);
  const [k0, k1] = key;
  const k2 = xor(word(PARITY), xor(k0, k1));
  const injections: readonly (readonly [E, E])[] = [[k0, k1], [k1, k2], [k2, k0]]; // prettier-ignore
  let x = add(counter[0], k0);
  let y = add(counter[1], k1);
  for (let round = 0; round < ROUNDS; round++) {
    const turn = ROTATIONS[round % 8] ?? 0;
    x = add(x, y);
    y = xor(s.binary("or", s.binary("shl", y, word(turn)), s.binary("shr", y, word(32 - turn))), x);
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    const [first, second] = injections[injection % 3] ?? [k0, k1];
    x = add(x, first);
    y = add(add(y, second), word(injection));
  }
  return x;
}
