/**
 * What every `infer` checks beside its own rule: first the number of operands, none missing that is not optional, no
 * family; at the end that no size of a result is negative (a config value of -4 heads makes no model).
 */
import type { Inferred, OpDef } from "../../ir/op-def.ts";
import type { TensorType } from "../../ir/type.ts";
import { typeText } from "../../ir/type.ts";

/** The record with those checks before its own, so that its own may assume them. */
export function checked(def: OpDef): OpDef {
  return {
    ...def,
    infer: (operands, attrs) => operandsSentence(def, operands) ?? withoutNegative(def.infer(operands, attrs)),
  };
}

function withoutNegative(inferred: Inferred): Inferred {
  if (typeof inferred === "string") return inferred;
  const bad = inferred.find((type) => type.dims.some((dim) => (dim.asNumber() ?? 0) < 0));
  return bad === undefined ? inferred : `the result would be ${typeText(bad)}: a size is not negative`;
}

function operandsSentence(def: OpDef, operands: readonly (TensorType | null)[]): string | undefined {
  const isVariadic = def.operands.at(-1)?.endsWith("...") ?? false;
  const list = def.operands.length === 0 ? "" : ` (${def.operands.join(", ")})`;
  if (operands.length > def.operands.length && !isVariadic)
    return `${def.name} takes ${countText(def.operands.length)}${list}, and ${operands.length} are given`;
  const names = [...def.operands, ...operands.slice(def.operands.length).map(() => def.operands.at(-1) ?? "")];
  for (const [index, name] of names.entries()) {
    const type = operands[index] ?? null;
    if (type === null && !name.endsWith("?")) return `${def.name} needs its operand ${name.replace("...", "")}${list}`;
    if (type?.family !== undefined)
      return `${name.replace(/\.\.\.|\?$/, "")} is ${typeText(type)}, a family, which only a \`repeat\` takes apart`;
  }
  return undefined;
}

function countText(count: number): string {
  return count === 0 ? "no operand" : count === 1 ? "1 operand" : `${count} operands`;
}
