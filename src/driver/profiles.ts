/** Targets and profiles by name: which devices a build is for. */
export { PROFILES } from "../profiles/index.ts";
import { PROFILES } from "../profiles/index.ts";
import type { TargetInfo } from "../kernel/target-info.ts";
import { unknownName } from "../support/suggest.ts";

/** The targets that exist, in the order in which a runtime prefers them. */
export const TARGETS: readonly string[] = [...new Set(PROFILES.map((profile) => profile.target))];

/**
 * The profiles of some targets, or the one named, which must belong to one of the targets if there are any; a sentence
 * where a name is unknown.
 */
export function chooseProfiles(targets: readonly string[], profile?: string): readonly TargetInfo[] | string {
  for (const target of targets) if (!TARGETS.includes(target)) return unknownTarget(target);
  if (profile === undefined) {
    const chosen = PROFILES.filter((info) => targets.includes(info.target));
    return chosen.length > 0 ? chosen : `no target is given; there are: ${TARGETS.join(", ")}`;
  }
  const found = PROFILES.find((info) => info.name === profile);
  if (found === undefined) return unknownName("profile", profile, PROFILES.map((info) => info.name)); // prettier-ignore
  if (targets.length > 0 && !targets.includes(found.target))
    return `the profile \`${profile}\` belongs to the target ${found.target}, not to ${targets.join(", ")}`;
  return [found];
}

/** The target that a profile belongs to; undefined where there is no such profile. */
export function targetOfProfile(profile: string): string | undefined {
  return PROFILES.find((info) => info.name === profile)?.target;
}

/** The message for a target that does not exist; `known` are those that do. */
export function unknownTarget(target: string, known: readonly string[] = TARGETS): string {
  return unknownName("target", target, known);
}
