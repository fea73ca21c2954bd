/** What kind of argument a surface was given. Sema has checked kinds against the parameters. */
import type { Value } from "../../ir/ir.ts";
import type { SurfaceArg } from "../../ir/op-def.ts";
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";

export function isNumbers(arg: SurfaceArg | undefined): arg is readonly number[] {
  return Array.isArray(arg);
}

export function isValue(arg: SurfaceArg | undefined): arg is Value {
  return typeof arg === "object" && !(arg instanceof Dim) && !isNumbers(arg);
}

/** A word, which sema has found among `words`; `otherwise` where none is given. */
export function wordArg<W extends string>(arg: SurfaceArg | undefined, words: readonly W[], otherwise: W): W {
  if (arg === undefined) return otherwise;
  const found = words.find((word) => word === arg);
  if (found === undefined) throw new InternalError(`${String(arg)} is none of ${words.join(", ")}`);
  return found;
}
