/**
 * decompose: takes composites apart into primitives. `attention` stays, because it has a schedule that never stores the
 * scores, unless it has more operands than a kernel has bindings or is part of a scan's step; a composite that is elementwise (silu, gelu) stays,
 * because every kernel can emit it. Reductions are turned so that they run along the last axis, which is what the row
 * schedule folds; a `concat` of more values than a kernel binds becomes a tree. In trivial mode attention goes too.
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { value, walk } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import type { Limits, TargetInfo } from "../../src/kernel/target-info.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext, Property } from "../manager/pass.ts";
import { axisAttr, numberAttr } from "./attrs.ts";
import { isTooWide, join } from "./join.ts";
import { mapFuncs } from "./map-funcs.ts";
import { opsInSteps } from "./scan-lanes.ts";

/** Composites with a schedule of their own. */
const SCHEDULED: ReadonlySet<string> = new Set(["attention", "attention_part"]);

interface Rules {
  readonly ops: OpTable;
  readonly info: TargetInfo;
  /** Which composites stay. */
  readonly kept: (op: Op) => boolean;
}

/**
 * A composite with a schedule stays, where one kernel can bind all that it reads and what it makes. What stands in the
 * step of a scan is part of the scan's kernel.
 */
function rulesOf(func: Func, { ops, info }: PassContext): Rules {
  const inSteps = opsInSteps(func);
  const kept = (op: Op): boolean => {
    if (!SCHEDULED.has(op.name) || inSteps.has(op)) return false;
    const read = new Set(op.operands.filter((operand) => operand !== null));
    return read.size + op.results.length <= info.limits.maxStorageBuffers;
  };
  return { ops, info, kept };
}

/** Only primitives, elementwise ops and scheduled composites are left; reductions run along the last axis. */
export const decomposed: Property<Module> = {
  name: "decomposed",
  doc: "Every op is a primitive, elementwise, or a composite with a schedule of its own; reductions fold the last axis.",
  check(module, context) {
    for (const func of module.funcs) {
      const left = firstLeft(func, rulesOf(func, context));
      if (left !== undefined) return `@${func.name} holds \`${left.name}\``;
    }
    return undefined;
  },
};

export const decompose: Pass<Module> = {
  name: "decompose",
  summary: "Takes composites without a schedule of their own apart.",
  promise: "reassociates",
  requires: [],
  establishes: [decomposed],
  destroys: [],
  required: true,
  run: (module, context) => mapFuncs(module, (func) => decomposeFunc(func, context, rulesOf)),
  trivial: (module, context) =>
    mapFuncs(module, (func) => decomposeFunc(func, context, () => ({ ...context, kept: () => false }))),
};

function decomposeFunc(func: Func, context: PassContext, rulesFor: (func: Func, context: PassContext) => Rules): Func {
  const rules = rulesFor(func, context);
  if (firstLeft(func, rules) === undefined) return func;
  const round = rewriteFunc(func, rules.ops, (op, operands, b) =>
    isLeft(op, rules) ? replace({ ...op, operands }, b, rules) : undefined,
  );
  // A decomposition may hold composites again; each round takes one layer off.
  return decomposeFunc(round, context, rulesFor);
}

function firstLeft(func: Func, rules: Rules): Op | undefined {
  let found: Op | undefined;
  walk(func.body, (op) => {
    if (found === undefined && isLeft(op, rules)) found = op;
  });
  return found;
}

function isLeft(op: Op, { ops, info, kept }: Rules): boolean {
  if (isTooWide(op, info)) return true;
  const def = ops.get(op.name);
  if (hasTrait(def, "reduce")) return !foldsLast(op);
  return hasTrait(def, "composite") && !hasTrait(def, "elementwise") && !kept(op);
}

function foldsLast(op: Op): boolean {
  const rank = defined(op.operands[0], `${op.name} has an operand`).type.dims.length;
  return axisAttr(op, rank) === rank - 1;
}

function replace(op: Op, b: Builder, { ops, info }: Rules): readonly Value[] {
  if (isTooWide(op, info)) return [joined(op, info.limits, b)];
  const def = defined(ops.get(op.name), `an op ${op.name}`);
  if (hasTrait(def, "reduce")) return [turned(op, b)];
  const parts = b.nested();
  const made = defined(def.decompose, `${op.name} is a composite`)(parts, op.operands, op.attrs, op);
  return emitNamed(parts.ops, made, op, b);
}

function joined(op: Op, limits: Limits, b: Builder): Value {
  const parts = op.operands.map((operand) => defined(operand, "concat lacks an operand"));
  return join(parts, numberAttr(op, "axis"), limits, b, op.results[0]?.name);
}

/**
 * Emits the parts of `composite`. What it makes keeps the composite's own name; parts without a name are named after
 * the op, so that a reader of later texts sees where they come from.
 */
function emitNamed(parts: readonly Op[], made: readonly Value[], composite: Op, b: Builder): readonly Value[] {
  const named = new Map<Value, Value>();
  const now = (old: Value): Value => named.get(old) ?? old;
  for (const part of parts) {
    for (const old of part.results) {
      const own = composite.results[made.indexOf(old)]?.name ?? "";
      if (old.name === "") named.set(old, value(old.type, own === "" ? composite.name : own));
    }
    const operands = part.operands.map((operand) => (operand === null ? null : now(operand)));
    b.push({ ...part, operands, results: part.results.map(now) });
  }
  return made.map(now);
}

/**
 * `reduce(x, axis) = reduce(x with that axis last, last)`, in the same order of terms. What is left of the axis (1 where
 * it is kept, k of a selection) moves back.
 */
function turned(op: Op, b: Builder): Value {
  const x = defined(op.operands[0], `${op.name} has an operand`);
  const axis = axisAttr(op, x.type.dims.length);
  const axes = x.type.dims.map((_, i) => i).filter((i) => i !== axis);
  const last = axes.length;
  const moved = b.emit("transpose", [x], { perm: [...axes, axis] });
  const keep = op.attrs["keep"] === true;
  const attrs = "keep" in op.attrs ? { ...op.attrs, axis: last, keep: false } : { ...op.attrs, axis: last };
  const folded = b.emit(op.name, [moved], attrs, op.results[0]?.name);
  if (keep) return b.emit("reshape", [folded], { shape: x.type.dims.map((dim, i) => (i === axis ? 1 : dim)) });
  if (folded.type.dims.length === axes.length) return folded;
  return b.emit("transpose", [folded], { perm: [...axes.slice(0, axis).map((_, i) => i), last, ...axes.slice(axis).map((_, i) => axis + i)] }); // prettier-ignore
}
