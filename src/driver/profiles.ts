/** Targets and profiles by name: which devices a build is for. */
export { PROFILES } from "../profiles/index.ts";
import { PROFILES } from "../profiles/index.ts";
import type { TargetInfo } from "../kernel/target-info.ts";
import { nearest } from "../support/suggest.ts";

/** The targets that exist, in the order in which a runtime prefers them. */
export const TARGETS: readonly string[] = [...new Set(PROFILES.map((profile) => profile.target))];

/** The profiles of some targets, or the one named; a sentence where a name is unknown. */
export function chooseProfiles(targets: readonly string[], profile?: string): readonly TargetInfo[] | string {
  for (const target of targets) if (!TARGETS.includes(target)) return unknown("target", target, TARGETS);
  if (profile === undefined) return PROFILES.filter((info) => targets.includes(info.target));
  const found = PROFILES.filter((info) => info.name === profile);
  return found.length > 0 ? found : unknown("profile", profile, PROFILES.map((info) => info.name)); // prettier-ignore
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `unknown ${what} \`${name}\`${near === undefined ? "" : `, did you mean \`${near}\`?`}; there are: ${known.join(", ")}`;
}
