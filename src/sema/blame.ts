/**
 * One bad config value shows in many places: as a size of -1, in a requirement that fails, in a division that leaves a
 * remainder. A diagnostic about numbers says which config values it holds responsible; of those that hold the same one
 * responsible only the surest is told.
 */
import type { Origin } from "./entity.ts";
import { isSize } from "./size.ts";

/**
 * How sure it is that the config value is the mistake, the surest first.
 *
 * - `itself`: the value as it was given is refused (-1 as a size).
 * - `impossible`: what was computed from it is refused, and it is no size itself (-9 from -1).
 * - `required`: a `require` of the author does not hold.
 * - `computed`: what was computed from it is refused, and it could be a size itself.
 */
export type Certainty = "itself" | "impossible" | "required" | "computed";
const CERTAINTIES: readonly Certainty[] = ["itself", "impossible", "required", "computed"];

export interface Blame {
  readonly suspects: readonly Origin[];
  readonly certainty: Certainty;
}

/** Those of the values that took part that may be the mistake: what the caller set, where there is such a value. */
export function suspectsOf(origins: readonly Origin[]): readonly Origin[] {
  const given = origins.filter((origin) => origin.loc === undefined);
  return given.length > 0 ? given : origins;
}

/** The one config value to point at: one that is itself no size, else the first suspect. */
export function culpritOf(origins: readonly Origin[]): Origin | undefined {
  return origins.find(isNoSize) ?? suspectsOf(origins)[0];
}

/** The one config value that a number is too large by: the largest of those that may be the mistake. */
export function largestSuspect(origins: readonly Origin[]): Origin | undefined {
  return [...suspectsOf(origins)].sort((a, b) => Number(b.text) - Number(a.text))[0];
}

/** That `culprit` is the mistake, because `refused`, which came from it, is refused. */
export function blameFor(culprit: Origin, refused: string | undefined): Blame {
  const certainty = culprit.text === refused ? "itself" : isNoSize(culprit) ? "impossible" : "computed";
  return { suspects: [culprit], certainty };
}

function isNoSize({ text }: Origin): boolean {
  return !isSize(Number(text));
}

/** The items without those whose mistake a surer one tells already; what blames no config value stays. */
export function withoutFollowers<T extends { readonly blame: Blame | undefined }>(items: readonly T[]): readonly T[] {
  const told = new Set<string>();
  const followers = new Set<T>();
  for (const certainty of CERTAINTIES)
    for (const item of items) {
      if (item.blame?.certainty !== certainty) continue;
      const names = item.blame.suspects.map((suspect) => suspect.name);
      if (names.some((name) => told.has(name))) followers.add(item);
      else names.forEach((name) => told.add(name));
    }
  return items.filter((item) => !followers.has(item));
}
