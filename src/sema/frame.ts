/**
 * Where ops are emitted: frames, the reading of parameters in the frame of the loop they belong to, and constants.
 */
import { Builder } from "../ir/builder.ts";
import type { Literal, Value } from "../ir/ir.ts";
import { tensorType } from "../ir/type.ts";
import type { DType } from "../ir/type.ts";
import { isFloat, isInteger } from "../ir/type.ts";
import { firstPath } from "../ir/param-path.ts";
import type { Loc, Span } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import { numberOf } from "./arithmetic.ts";
import type { Entity, ParameterEntity, TensorEntity } from "./entity.ts";
import { kindText } from "./entity.ts";
import { typeWords } from "./explain.ts";
import type { Context, Frame } from "./session.ts";
import { placeOf, report } from "./session.ts";
import { COMPUTE, computeType } from "./types.ts";

/** The names of loop indices by depth. */
const INDEX_NAMES = ["i", "j", "k", "l", "m", "n"] as const;

export function indexName(depth: number): string {
  return INDEX_NAMES[depth] ?? `i${depth}`;
}

export function newFrame(builder: Builder, parent?: Frame): Frame {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  return { builder, depth, ...(parent === undefined ? {} : { parent }), parameters: new Map(), taps: [] };
}

/** The frame of a `scan`'s body. Parameters and taps are those of the frame around it. */
export function stepFrame(frame: Frame): Frame {
  return { ...frame, builder: frame.builder.nested(), parent: frame, isStep: true };
}

/** The same frames with nothing emitted: for elaborating a body only to look at it. */
export function scratchFrame(frame: Frame): Frame {
  const builder = frame.builder.nested();
  const made = { builder, depth: frame.depth, parameters: new Map<string, Value>(), taps: [] };
  return frame.parent === undefined ? made : { ...made, parent: scratchFrame(frame.parent) };
}

export function joinPath(owner: string, path: string): string {
  return owner === "" ? path : `${owner}.${path}`;
}

/**
 * The value of a parameter in the compute type. It is read once, in the frame of the innermost loop that its path
 * depends on, so that a parameter outside of the layers is not read again in each.
 */
export function readParameter(context: Context, frame: Frame, entity: ParameterEntity, owner: string): TensorEntity {
  const path = joinPath(owner, entity.path);
  const depth = path.split("{").length - 1;
  let home = frame;
  while ((home.depth > depth || home.isStep === true) && home.parent !== undefined) home = home.parent;
  const known = home.parameters.get(path);
  if (known !== undefined) return { kind: "tensor", value: known };
  const first = firstPath(path);
  const stored = entity.dtype === "f" ? context.session.storage(first) : entity.dtype;
  const { builder } = home;
  builder.loc = context.session.parameterPlaces.get(first) ?? locOf(entity.decl.span);
  const read = builder.param(path, tensorType(stored, entity.dims));
  const value =
    stored === computeType(entity.dtype) ? read : builder.emit("cast", [read], { dtype: COMPUTE }, read.name);
  home.parameters.set(path, value);
  return { kind: "tensor", value };
}

/** A scalar `constant` op. */
export function emitConstant(builder: Builder, dtype: DType, x: number, loc: Loc): Value {
  const value: Literal = { kind: "literal", dtype, dims: [], data: [x] };
  builder.loc = loc;
  return builder.emit("constant", [], { value });
}

/** An entity as a tensor: a compile-time number becomes a constant of type `dtype`. Undefined after a report. */
export function asTensor(context: Context, entity: Entity, at: Span, dtype?: DType): Value | undefined {
  if (entity.kind === "tensor") return entity.value;
  if (entity.kind === "poison" || context.frame === undefined) return undefined;
  if (entity.kind === "bool")
    return emitConstant(context.frame.builder, "bool", entity.value ? 1 : 0, placeOf(context, at));
  const number = numberOf(entity);
  if (number !== undefined) {
    const wanted = dtype ?? (entity.kind === "int" ? "i32" : COMPUTE);
    const isFine = isFloat(wanted) || (isInteger(wanted) && Number.isInteger(number) && inRange(wanted, number));
    if (isFine) return emitConstant(context.frame.builder, wanted, number, placeOf(context, at));
    report(context, "LLM0207", `${number} cannot be a value of type ${wanted}`, at, {
      label: `meets a tensor of type ${wanted}`,
    });
  } else if (entity.kind === "int")
    report(context, "LLM0214", `\`${entity.dim}\` is a size, known only when the model runs`, at, {
      label: "a tensor or a number is needed",
    });
  else
    report(context, "LLM0207", "a tensor is needed", at, {
      label: `this is ${kindText(entity)}`,
      ...(entity.kind === "list" ? { help: "several tensors stand one by one, without brackets" } : {}),
    });
  return undefined;
}

function inRange(dtype: DType, x: number): boolean {
  return dtype === "u32" ? x >= 0 && x < 2 ** 32 : x >= -(2 ** 31) && x < 2 ** 31;
}

/** A second place that shows a tensor's type. */
export function typePlace(value: Value, at: Span): { readonly message: string; readonly at: Span } {
  return { message: `this is ${typeWords(value.type)}`, at };
}
