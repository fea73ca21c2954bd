/**
 * LLM0401 for parameters that one buffer of a profile cannot hold. Asked before anything is compiled for the profile:
 * here the config value is known that a size is owed to, and what is computed from a parameter that is too large is too
 * large as well, by the same mistake. A parameter that `forward` does not read needs no buffer.
 */
import type { Op } from "../ir/ir.ts";
import { funcNamed, result, walk } from "../ir/ir.ts";
import { firstPath } from "../ir/param-path.ts";
import { bytesOf, elementCount, typeText } from "../ir/type.ts";
import type { TargetInfo } from "../kernel/target-info.ts";
import { cutsOf } from "../../passes/tensor/weight-cuts.ts";
import type { AnalyzedModel, Origin } from "../sema/index.ts";
import { diagnostic } from "../support/diagnostic.ts";
import type { Diagnostic, Related } from "../support/diagnostic.ts";
import type { Loc } from "../support/source.ts";

/** A parameter, or a family of them in layers, that `forward` reads. */
interface Read {
  /** `model.layers.{i}.mlp.up_proj.weight` */
  readonly path: string;
  readonly type: string;
  /** Of one member. */
  readonly bytes: number;
  /** It is larger than a binding, but its pieces are not. */
  readonly isCut: boolean;
  readonly loc: Loc | undefined;
  readonly culprit: Origin | undefined;
}

/** One diagnostic for each config value that is at fault, and for each parameter whose size no config value decides. */
export function parameterProblems(model: AnalyzedModel, profile: TargetInfo): readonly Diagnostic[] {
  const limit = Math.min(profile.limits.maxBindingBytes, profile.limits.maxBufferBytes);
  const causes = new Map<string, Read[]>();
  for (const read of readsOf(model, profile)) {
    if (read.bytes <= limit || read.isCut) continue;
    const cause = read.culprit === undefined ? `the parameter ${read.path}` : `the value ${read.culprit.name}`;
    causes.set(cause, [...(causes.get(cause) ?? []), read]);
  }
  return [...causes.values()].map((reads) => problem(reads, profile.name, limit));
}

function readsOf(model: AnalyzedModel, profile: TargetInfo): readonly Read[] {
  const culprits = new Map(model.parameters.map(({ path, culprit }) => [path, culprit]));
  const reads = new Map<string, Read>();
  const forward = funcNamed(model.module, "forward");
  if (forward !== undefined)
    walk(forward.body, (op) => {
      if (op.name === "param") reads.set(String(op.attrs["path"]), readBy(op, profile, culprits));
    });
  return [...reads.values()];
}

function readBy(op: Op, { limits }: TargetInfo, culprits: ReadonlyMap<string, Origin | undefined>): Read {
  const path = String(op.attrs["path"]);
  const { type } = result(op);
  const bytes = (elementCount(type).asNumber() ?? 0) * bytesOf(type.dtype);
  const isCut = cutsOf(type, limits) !== undefined;
  return { path, type: typeText(type), bytes, isCut, loc: op.loc, culprit: culprits.get(firstPath(path)) };
}

/** `reads`, at least one, are too large by one cause: the largest is told, the others are notes. */
function problem(reads: readonly Read[], profile: string, limit: number): Diagnostic {
  const [told, ...others] = [...reads].sort((a, b) => b.bytes - a.bytes);
  const { path = "", type = "", bytes = 0, culprit } = told ?? {};
  const message = `\`${path}\` (${type}) has ${bytes} bytes, more than the ${limit} of a binding`;
  return diagnostic("LLM0401", culprit === undefined ? message : `${message}, from the config value \`${culprit.name} = ${culprit.text}\``, {
    ...placesOf(told?.loc, culprit),
    notes: [
      `\`maxBindingBytes\` of profile ${profile}`,
      ...others.slice(0, 3).map((other) => `\`${other.path}\` has ${other.bytes} bytes`),
      ...(others.length > 3 ? [`${others.length - 3} more parameter${others.length === 4 ? " is" : "s are"} too large`] : []),
    ],
    help: `choose a profile with larger bindings, a smaller storage type, or a smaller ${culprit === undefined ? "tensor" : `\`${culprit.name}\``}`,
  }); // prettier-ignore
}

/** At the config value where it stands in the source, else at the parameter; the other one is the second place. */
function placesOf(use: Loc | undefined, culprit: Origin | undefined): Partial<Diagnostic> {
  if (culprit === undefined) return use === undefined ? {} : { loc: use };
  const told = `\`${culprit.name}\` is ${culprit.text}`;
  const beside = (message: string, loc: Loc | undefined): readonly Related[] =>
    loc === undefined ? [] : [{ message, loc }];
  if (culprit.loc !== undefined)
    return { loc: culprit.loc, label: told, related: beside("makes this parameter too large", use) };
  const related = beside(`\`${culprit.name}\` is declared here`, culprit.declared);
  return use === undefined ? { related } : { loc: use, label: `too large because ${told}`, related };
}
