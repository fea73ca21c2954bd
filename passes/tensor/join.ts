/** `concat` of any number of values: a tree where a kernel of the device binds fewer than there are. */
import type { Builder } from "../../src/ir/builder.ts";
import type { Op, Value } from "../../src/ir/ir.ts";
import type { Limits, TargetInfo } from "../../src/kernel/target-info.ts";
import { defined } from "../../src/support/errors.ts";

/** How many values one kernel joins: all bindings but that of what it makes. */
function mostJoined({ maxStorageBuffers }: Limits): number {
  return Math.max(2, maxStorageBuffers - 1);
}

/** Whether one kernel cannot join the operands of this op. */
export function isTooWide({ name, operands }: Op, info: TargetInfo): boolean {
  return name === "concat" && new Set(operands).size > mostJoined(info.limits);
}

/** The values side by side along `axis`, in levels of as many as one kernel joins. */
export function join(parts: readonly Value[], axis: number, limits: Limits, b: Builder, name = ""): Value {
  const most = mostJoined(limits);
  let left = parts;
  while (left.length > most) {
    const groups = Array.from({ length: Math.ceil(left.length / most) }, (_, i) => left.slice(i * most, (i + 1) * most)); // prettier-ignore
    left = groups.map((group) => (group.length === 1 ? defined(group[0], "a piece") : b.emit("concat", group, { axis }))); // prettier-ignore
  }
  return b.emit("concat", left, { axis }, name);
}
