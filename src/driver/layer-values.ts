/** Which values are what the source calls a layer, in a program whose layers are inlined: the paths of weights still say it. */
import type { Op, Value } from "../ir/ir.ts";

/** The names on the way to a parameter: `mlp` and `gate_proj` of `model.layers.{i}.mlp.gate_proj.weight`. */
export function layersOf(op: Op): readonly string[] {
  const path = op.name === "param" ? op.attrs["path"] : undefined;
  return typeof path === "string" ? path.split(".").slice(0, -1) : [];
}

/** What computes first with the weights of a layer; moves and casts of them are still the weights. In program order. */
export function valuesOfLayer(layer: string, made: ReadonlyMap<Value, { readonly op: Op }>): readonly Value[] {
  const weights = new Set<Value>();
  const found: Value[] = [];
  for (const [value, { op }] of made) {
    const reads = op.operands.some((operand) => operand !== null && weights.has(operand));
    if (layersOf(op).includes(layer) || (reads && MOVES.has(op.name))) weights.add(value);
    else if (reads) found.push(value);
  }
  return found;
}

const MOVES: ReadonlySet<string> = new Set(["transpose", "reshape", "cast"]);
