/**
 * The rules of one op by itself: its operands, attributes, result types and the signature of its block. Nothing here
 * knows where the op stands; visibility, parameters and state are checked in `verify.ts`.
 */
import { paramRows } from "./param-rows.ts";
import { Dim } from "../support/dim.ts";
import { assertNever } from "../support/errors.ts";
import { isLiteral } from "./attr-text.ts";
import type { Attr, Op } from "./ir.ts";
import type { AttrSpec, OpDef, OpTable } from "./op-def.ts";
import { isInRange, padded, rangeText } from "./op-def.ts";
import type { RegionName } from "./region-types.ts";
import { isRegionName, regionArgTypes, regionOperandTypes, regionResultTypes } from "./region-types.ts";
import type { TensorType } from "./type.ts";
import { DTYPES, sameType, typeText } from "./type.ts";

/** The broken rules of an op, as sentences without its name. */
export function checkOp(op: Op, ops: OpTable): readonly string[] {
  if (isRegionName(op.name)) return checkRegion(op, op.name);
  if (op.regions.length > 0) return ["only repeat, scan and group have blocks"];
  if (op.name === "param") return checkParam(op);
  const def = ops.get(op.name);
  return def === undefined ? ["no op has this name"] : checkListed(op, def);
}

function checkParam(op: Op): readonly string[] {
  const problems: string[] = [];
  if (typeof op.attrs["path"] !== "string") problems.push("the attribute `path` must be a text");
  if (op.operands.length > 0) problems.push("a parameter has no operands");
  if (op.results.length !== 1) problems.push("a parameter has one result");
  if (op.results.some((result) => result.type.family !== undefined))
    problems.push("a parameter is one tensor; a family of them is a path with an index");
  return [...problems, ...checkRows(op), ...checkLayout(op)];
}

function checkRows(op: Op): readonly string[] {
  if (op.attrs["rows"] === undefined) return [];
  const rows = paramRows(op.attrs);
  const dims = op.results[0]?.type.dims ?? [];
  const isFit = rows?.every(({ from, to }, axis) => dims[axis]?.equals(to - from) === true) === true;
  return isFit ? [] : ["the attribute `rows` must be [from, to, of] for each of the first axes, with as many rows as the result has, one in all but the last"]; // prettier-ignore
}

/** `tile` and `order` (`WeightLayout` of the plan) come together, one item an axis. */
function checkLayout(op: Op): readonly string[] {
  const [tile, order] = [op.attrs["tile"], op.attrs["order"]];
  if (tile === undefined && order === undefined) return [];
  const dims = op.results[0]?.type.dims ?? [];
  const axes = dims.map((_, axis) => axis);
  const isOrder = Array.isArray(order) && order.length === dims.length && axes.every((axis) => order.includes(axis));
  if (!isOrder) return ["the attribute `order` must name each axis once"];
  const isTile = Array.isArray(tile) && tile.length === dims.length && dims.every((dim, axis) => divides(tile[axis], dim)); // prettier-ignore
  return isTile ? [] : ["the attribute `tile` must divide the size of each axis"];
}

function divides(size: Attr | undefined, dim: Dim): boolean {
  return typeof size === "number" && Number.isInteger(size) && size >= 1 && dim.div(size) !== undefined;
}

function checkListed(op: Op, def: OpDef): readonly string[] {
  const problems = [...checkOperands(op, def), ...checkAttrs(op, def)];
  if (problems.length > 0) return problems;
  const types = op.operands.map((operand) => operand?.type ?? null);
  const inferred = def.infer(padded(def, types), op.attrs);
  return typeof inferred === "string" ? [inferred] : compareTypes("result", inferred, typesOf(op.results));
}

function checkOperands(op: Op, def: OpDef): readonly string[] {
  const given = op.operands.length;
  const isVariadic = def.operands.at(-1)?.endsWith("...") ?? false;
  if (!isVariadic && given > def.operands.length) return [`${given} operands for (${def.operands.join(", ")})`];
  const absent = def.operands.filter((name, i) => !/(\?|\.\.\.)$/.test(name) && (op.operands[i] ?? null) === null);
  return absent.map((name) => `the operand \`${name}\` is missing`);
}

function checkAttrs(op: Op, def: OpDef): readonly string[] {
  return Object.entries(def.attrs).flatMap(([name, spec]) => {
    const attr = op.attrs[name];
    if (attr === undefined) return [`the attribute \`${name}\` is missing`];
    return fits(attr, spec) ? [] : [`the attribute \`${name}\` is not ${describe(spec)}`];
  });
}

function describe(spec: AttrSpec): string {
  if (spec.kind === "word" && spec.words !== undefined) return `one of ${spec.words.join(", ")}`;
  if (spec.range !== undefined) return `of the kind ${spec.kind}, ${rangeText(spec.range)}`;
  return `of the kind ${spec.kind}`;
}

function fits(attr: Attr, spec: AttrSpec): boolean {
  switch (spec.kind) {
    case "int":
      return Number.isSafeInteger(attr) && isInRange(spec.range, Number(attr));
    case "float":
      return typeof attr === "number" && isInRange(spec.range, attr);
    case "bool":
      return typeof attr === "boolean";
    case "word":
      return typeof attr === "string" && (spec.words === undefined || spec.words.includes(attr));
    case "text":
      return typeof attr === "string";
    case "ints":
      return Array.isArray(attr) && attr.every((item) => Number.isSafeInteger(item));
    case "floats":
      return Array.isArray(attr) && attr.every((item) => typeof item === "number");
    case "dim":
      return isDim(attr) && isInRange(spec.range, Dim.of(attr).asNumber() ?? Infinity);
    case "dims":
      return Array.isArray(attr) && attr.every(isDim);
    case "dtype":
      return DTYPES.some((dtype) => dtype === attr);
    case "literal":
      return isLiteral(attr) && attr.data.length === attr.dims.reduce((all, size) => all * size, 1);
    default:
      return assertNever(spec.kind, "attribute kind");
  }
}

function isDim(attr: unknown): attr is number | Dim {
  return attr instanceof Dim || Number.isSafeInteger(attr);
}

function checkRegion(op: Op, name: RegionName): readonly string[] {
  const body = op.regions[0];
  if (body === undefined || op.regions.length !== 1) return ["it has one block"];
  const operands = regionOperandTypes(op);
  if (operands === undefined) return ["an operand is absent"];
  if (name === "group" && typeof op.attrs["name"] !== "string") return ["the attribute `name` must be a text"];
  const args = regionArgTypes(name, operands, op.attrs);
  if (typeof args === "string") return [args];
  const yields = typesOf(body.yields);
  const results = regionResultTypes(name, operands, yields, op.attrs);
  if (typeof results === "string") return [results];
  const carries = name === "group" ? 0 : Number(op.attrs["carries"]);
  return [
    ...compareTypes("block argument", args, typesOf(body.args)),
    ...compareTypes("next carried value", operands.slice(0, carries), yields.slice(0, carries)),
    ...compareTypes("result", results, typesOf(op.results)),
  ];
}

function typesOf(values: readonly { readonly type: TensorType }[]): readonly TensorType[] {
  return values.map((value) => value.type);
}

function compareTypes(what: string, expected: readonly TensorType[], found: readonly TensorType[]): readonly string[] {
  if (expected.length !== found.length) return [`${found.length} ${what}s instead of ${expected.length}`];
  return expected.flatMap((type, i) => {
    const other = found[i];
    if (other === undefined || sameType(type, other)) return [];
    return [`${what} ${i} is ${typeText(other)}, expected ${typeText(type)}`];
  });
}
