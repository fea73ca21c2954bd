/**
 * A text that two groups share exactly when one kernel serves both: the body with numbered values, types and
 * attributes, and how the kernel sees its buffers. Names of values, places in the source and parameter paths are left
 * out, so the layers of a model share their kernels.
 */
import { Dim } from "../../src/support/dim.ts";
import type { Attr, Attrs, Block, Value } from "../../src/ir/ir.ts";
import { typeText } from "../../src/ir/type.ts";
import { contentText } from "./group-slots.ts";
import type { GroupSpec } from "./group-spec.ts";

export function groupKey(spec: GroupSpec): string {
  // A temporary that is read may become one buffer with a result; for anything else only the access matters.
  const slots = spec.slots.map((slot, which) => {
    const { dtype, length, access, kind } = slot;
    const isMergeable = kind === "temporary" && !spec.outputs.includes(which);
    return `${dtype}[${length}] ${access}${isMergeable ? " temporary" : ""}${contentText(slot)}`;
  });
  const args = spec.args.map((arg) => (arg.kind === "slot" ? `slot ${arg.slot}` : "launch"));
  return [
    attrsText(spec.attrs, ["name"]),
    ...slots,
    args.join(" "),
    spec.outputs.join(" "),
    blockText(spec.block),
  ].join("\n");
}

function blockText(block: Block): string {
  const numbers = new Map<Value, number>();
  const number = (value: Value): string => {
    const known = numbers.get(value);
    if (known !== undefined) return `%${known}`;
    numbers.set(value, numbers.size);
    return `%${numbers.size - 1}:${typeText(value.type)}`;
  };
  const lines = [block.args.map(number).join(" ")];
  for (const op of block.ops) {
    const operands = op.operands.map((operand) => (operand === null ? "_" : number(operand)));
    const regions = op.regions.map((region) => `{${blockText(region)}}`);
    lines.push(
      [op.results.map(number).join(" "), op.name, ...operands, attrsText(op.attrs, ["path"]), ...regions].join(" "),
    );
  }
  lines.push(block.yields.map(number).join(" "));
  return lines.join("\n");
}

function attrsText(attrs: Attrs, without: readonly string[]): string {
  return Object.keys(attrs)
    .filter((name) => !without.includes(name))
    .sort()
    .map((name) => `${name}=${attrText(attrs[name])}`)
    .join(" ");
}

function attrText(attr: Attr | undefined): string {
  if (attr === undefined) return "_";
  if (attr instanceof Dim) return `dim ${attr}`;
  if (typeof attr === "number") return Object.is(attr, -0) ? "-0" : String(attr);
  if (typeof attr !== "object") return JSON.stringify(attr);
  if ("kind" in attr)
    return `${attr.dtype}[${attr.dims.join(",")}](${[...attr.data].map((x) => attrText(x)).join(",")})`;
  return `[${attr.map(attrText).join(",")}]`;
}
