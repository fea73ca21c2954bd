/** What WGSL says differently from other languages of C's kind. */
import type { KType } from "../../src/kernel/ir.ts";
import type { Dialect } from "../text/dialect.ts";
import { isReserved } from "./names.ts";
import { BINARY, UNARY, literalText, typeText } from "./target.ts";

export const WGSL: Dialect = {
  name: "WGSL",
  isReserved,
  type: typeText,
  literal: literalText,
  unary: (op, type) => (op === "not" && type.scalar !== "bool" ? "~" : UNARY[op]),
  binary: (op) => BINARY[op],
  shiftBy: { scalar: "u32", lanes: 1 },
  fma: () => "fma",
  select: (condition, x, y) => `select(${y}, ${x}, ${condition})`,
  cast: (x, _, to) => `${typeText(to)}(${x})`,
  bitcast: (x, _, to) => `bitcast<${typeText(to)}>(${x})`,
  vector: (parts, type) => `${typeText(type)}(${parts.join(", ")})`,
  builtin(name) {
    if (name === "subgroup_size") return "i32(subgroup_width)";
    if (name === "subgroup_lane") return "i32(subgroup_index)";
    const [what, axis] = name.split("_");
    const id = what === "local" ? "local_id" : what === "workgroup" ? "workgroup_id" : "num_workgroups";
    return `i32(${id}.${axis})`;
  },
  loaded: (element, buffer) => (buffer.element === "f16" ? `${typeText(float(buffer.lanes))}(${element})` : element),
  stored: (value, buffer) =>
    buffer.element === "f16" ? `${typeText({ scalar: "f16", lanes: buffer.lanes })}(${value})` : value,
  workgroupLoad: (element) => `workgroupUniformLoad(&${element})`,
  subgroupReduce: (op, x) => `${{ add: "subgroupAdd", max: "subgroupMax", min: "subgroupMin" }[op]}(${x})`,
  intrinsic: (name, args) => (name === "unpack2x16float" ? `${name}(${args.join(", ")})` : undefined),
  constant: (name, _, text) => `let ${name} = ${text};`,
  variable: (name, type, text) => `var ${name}: ${typeText(type)}${text === undefined ? "" : ` = ${text}`};`,
  counter: (name, from) => `var ${name} = ${from}`,
  barrier: (sharesStorage) => ["workgroupBarrier();", ...(sharesStorage ? ["storageBarrier();"] : [])],
};

function float(lanes: KType["lanes"]): KType {
  return { scalar: "f32", lanes };
}
