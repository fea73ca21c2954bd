/** What kind of argument a surface was given. Sema has checked kinds against the parameters. */
import type { Value } from "../../ir/ir.ts";
import type { SurfaceArg } from "../../ir/op-def.ts";
import { Dim } from "../../support/dim.ts";

export function isNumbers(arg: SurfaceArg | undefined): arg is readonly number[] {
  return Array.isArray(arg);
}

export function isValue(arg: SurfaceArg | undefined): arg is Value {
  return typeof arg === "object" && !(arg instanceof Dim) && !isNumbers(arg);
}
