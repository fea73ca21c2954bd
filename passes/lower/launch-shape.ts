/**
 * How a group is launched, but for its buffers: its kernel, and which operand or result lies in which binding. The
 * iterations of a loop differ in buffers only, so what was found out for the first serves all of them.
 */
import type { Op, Value } from "../../src/ir/ir.ts";
import { InternalError, defined } from "../../src/support/errors.ts";
import type { Range } from "../../src/plan/ir.ts";
import type { PreparedGroup } from "./group-of.ts";
import type { Binding } from "./group-slots.ts";
import type { KernelStore } from "./kernel-store.ts";
import { rangeOf } from "./place.ts";
import type { Place } from "./place.ts";

export interface LaunchShape {
  readonly group: PreparedGroup;
  readonly bindings: readonly Binding[];
  /** The operands that are launch scalars. */
  readonly numbers: readonly number[];
  readonly lowered: ReturnType<KernelStore["lower"]>;
}

/** For each operand of an op the op that makes it of nothing inside the kernel, if there is one. */
export type Recipes = readonly (Op | undefined)[];

/** The shapes of one function. A shape holds as long as the op, its recipes and the signature of its slots are the same. */
export class LaunchShapes {
  private readonly known = new Map<Op, { signature: string; recipes: Recipes; shape: LaunchShape }[]>();

  find(op: Op, signature: string, recipes: Recipes, make: () => LaunchShape): LaunchShape {
    const shapes = this.known.get(op) ?? [];
    const found = shapes.find((one) => one.signature === signature && recipes.every((recipe, i) => recipe === one.recipes[i])); // prettier-ignore
    if (found !== undefined) return found.shape;
    const shape = make();
    this.known.set(op, [...shapes, { signature, recipes, shape }]);
    return shape;
  }
}

/** The ranges that the kernel binds, in its order. */
export function rangesOf(shape: LaunchShape, operands: readonly Place[], results: readonly Place[]): readonly Range[] {
  return shape.bindings.map(({ kind, index }) => {
    const place = (kind === "operand" ? operands : results)[index];
    return rangeOf(defined(place, `@${shape.lowered.kernel.name} binds something that has no place`));
  });
}

/** The values of the launch scalars, in the kernel's order. */
export function scalarsOf(shape: LaunchShape, operands: readonly Place[]): readonly number[] {
  return shape.numbers.map((index) => {
    const place = operands[index];
    if (place?.kind !== "number") throw new InternalError(`a scalar of @${shape.lowered.kernel.name} is no number`);
    return place.value;
  });
}

/** The name of the buffer that a result gets. */
export function resultName(value: Value, group: PreparedGroup): string {
  return value.name === "" ? group.name : value.name;
}
