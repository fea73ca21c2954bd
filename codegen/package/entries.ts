/** What the entry points of a package take and give, as texts: `tokens: i32[B, T]`. State is the package's own business. */
import type { Plan, PlanBuffer, Range } from "../../src/plan/ir.ts";
import { textFormOf } from "../../src/plan/text-form.ts";
import type { Artifact } from "./artifact.ts";
import { runsInJavaScript } from "./cuda-files.ts";

export interface EntryText {
  readonly name: string;
  readonly arguments: readonly NamedType[];
  readonly results: readonly NamedType[];
  /** Then it is a method of its own. */
  readonly isText: boolean;
}

export interface NamedType {
  readonly name: string;
  /** `f32[B, T, 768]` */
  readonly type: string;
}

/** What a package can do in JavaScript. */
export interface Abilities {
  readonly generates: boolean;
  readonly extends: boolean;
  readonly forward: EntryText | undefined;
}

/** By the entries of its first profile; they are the same in every one. */
export function abilitiesOf({ profiles }: Artifact): Abilities {
  const plans = profiles.find(runsInJavaScript)?.program.plans ?? [];
  const planOf = (name: string): Plan | undefined => plans.find(({ entry }) => entry.startsWith(name));
  const forward = planOf("forward");
  return {
    generates: planOf("prefill") !== undefined,
    extends: planOf("extend") !== undefined,
    forward: forward && entryOf(forward),
  };
}

function entryOf(plan: Plan): EntryText {
  const { entry, buffers, inputs, outputs } = plan;
  const byName = new Map(buffers.map((buffer) => [buffer.name, buffer]));
  const typed = (ranges: Readonly<Record<string, Range>>): readonly NamedType[] =>
    Object.entries(ranges).flatMap(([name, { buffer }]) => {
      const found = byName.get(buffer);
      return found === undefined || found.kind === "state" ? [] : [{ name, type: typeOf(found) }];
    });
  return { name: entry, arguments: typed(inputs), results: typed(outputs), isText: textFormOf(plan) !== undefined };
}

function typeOf({ dtype, dims = [] }: PlanBuffer): string {
  return `${dtype ?? "?"}[${dims.join(", ")}]`;
}
