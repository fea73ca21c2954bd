/** A compilation as the runtime loads it in this process, without a package on disk. */
import type { PackageData } from "../runtime/index.ts";
import { manifestOf } from "../plan/manifest.ts";
import { LINKED_MODULE } from "../../codegen/package/index.ts";
import type { Artifact, ArtifactProfile } from "../../codegen/package/index.ts";
import { targetNamed } from "../../codegen/targets.ts";

/** The name of the one text of all kernels, for targets that have one. */
export const UNIT = "unit";

/** Weights and tokenizer are given to `load`; the URLs here lead nowhere. */
export function packageData(artifact: Artifact): PackageData {
  const { model, vocab, tokens, context, eos, weightRules, profiles } = artifact;
  return {
    facts: { name: model, vocab, tokens, context, eos },
    weightRules,
    profiles: profiles.map((profile) => ({
      name: profile.name,
      target: profile.target,
      requires: { features: profile.requires.features, limits: definedOnly(profile.requires.limits) },
      load: async () => ({ program: manifestOf(profile.program), kernels: kernelsOf(profile) }),
    })),
    weights: new URL("file:///nonexistent/model.safetensors"),
    tokenizer: new URL("file:///nonexistent/tokenizer.json"),
  };
}

/** Texts for a shader compiler, functions made from the texts of our own code generator, or one binary module. */
function kernelsOf(profile: ArtifactProfile): Readonly<Record<string, unknown>> {
  const target = targetNamed(profile.target);
  const linked = target?.link?.(profile.program.kernels);
  if (linked !== undefined) return { [LINKED_MODULE]: linked };
  const unit = target?.unit?.(profile.program.kernels);
  if (unit !== undefined) return { [UNIT]: unit };
  const make = (text: string): unknown => (profile.target === "js" ? new Function(`return ${text}`)() : text);
  return Object.fromEntries([...profile.code].map(([name, text]) => [name, make(text)]));
}

function definedOnly(limits: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(limits).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
