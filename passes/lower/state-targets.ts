/**
 * Which values may be written straight into a state's buffer or an output's, so that nothing is copied afterwards. A
 * value qualifies where one kernel makes it and nobody reads the old state after that kernel.
 */
import type { Block, Func, Op, Value } from "../../src/ir/ir.ts";
import { walk } from "../../src/ir/ir.ts";
import { memberType } from "../../src/ir/region-types.ts";
import type { TensorType } from "../../src/ir/type.ts";

/** Where a value goes: the state argument or the result of that name; in a family, the member of the iteration. */
export interface Target {
  readonly kind: "state" | "output";
  readonly name: string;
  /** As the argument or result is declared; the value may have other dims. */
  readonly type: TensorType;
  readonly isMember: boolean;
}

/** Moves ops that only make the function's next state or results to the end, so that reads of the old state come first. */
export function sinkUpdates(body: Block): Block {
  const used = new Set<Value>();
  for (const op of body.ops) markUses(op, used);
  const isUpdate = (op: Op): boolean =>
    isKernel(op) && op.results.every((value) => body.yields.includes(value) && !used.has(value));
  return { ...body, ops: [...body.ops.filter((op) => !isUpdate(op)), ...body.ops.filter(isUpdate)] };
}

export function targetsOf(func: Func, body: Block): ReadonlyMap<Value, Target> {
  const targets = new Map<Value, Target>();
  func.results.forEach((result, i) => {
    const value = body.yields[i];
    if (value === undefined || targets.has(value)) return;
    const state = func.args.find((arg) => arg.name === result.into)?.value;
    const made = beforeViews(body, value);
    const at = body.ops.findIndex((op) => op.results.includes(made));
    const op = body.ops[at];
    if (op === undefined || targets.has(made) || (state !== undefined && isUsed(body.ops.slice(at + 1), state))) return;
    const kind = state === undefined ? "output" : "state";
    const target = { kind, name: result.into ?? result.name, type: memberType(value.type) } as const;
    if (isKernel(op)) targets.set(made, { ...target, isMember: false });
    else if (op.name === "repeat") {
      const member = memberMadeBy(op, value, state);
      if (member !== undefined) targets.set(member, { ...target, isMember: true });
    }
  });
  return targets;
}

/** The value whose bytes these are: a reshape outside a group renames them. */
function beforeViews(body: Block, value: Value): Value {
  const op = body.ops.find(({ name, results }) => name === "reshape" && results.includes(value));
  const source = op?.operands[0];
  return source === undefined || source === null ? value : beforeViews(body, source);
}

/** Whether this op becomes a kernel of its own. */
export function isKernel(op: Op): boolean {
  return op.name === "group" || (op.regions.length === 0 && !["param", "constant", "iota", "angle_table", "reshape"].includes(op.name)); // prettier-ignore
}

/** The value of a repeat's body that becomes the members of a result, if its kernel may write them in place. */
function memberMadeBy(repeat: Op, family: Value, state: Value | undefined): Value | undefined {
  const [body] = repeat.regions;
  const carries = Number(repeat.attrs["carries"]);
  const which = repeat.results.indexOf(family);
  const made = body?.yields[which];
  if (body === undefined || made === undefined || which < carries) return undefined;
  if (body.yields.filter((value) => value === made).length > 1) return undefined;
  const at = body.ops.findIndex((op) => op.results.includes(made));
  const op = body.ops[at];
  if (op === undefined || !isKernel(op)) return undefined;
  const old = body.args.filter((_, i) => i >= carries && repeat.operands[i] === state);
  return old.some((arg) => isUsed(body.ops.slice(at + 1), arg)) ? undefined : made;
}

function isUsed(ops: readonly Op[], value: Value): boolean {
  const used = new Set<Value>();
  for (const op of ops) markUses(op, used);
  return used.has(value);
}

function markUses(op: Op, used: Set<Value>): void {
  for (const operand of op.operands) if (operand !== null) used.add(operand);
  for (const region of op.regions) {
    walk(region, (inner) => inner.operands.forEach((operand) => operand !== null && used.add(operand)));
    region.yields.forEach((value) => used.add(value));
  }
}
