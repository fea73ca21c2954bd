/**
 * pack-weights: chooses the order of a weight's elements in memory, where the profile has a wish (`tiles.weight`): tiles
 * of columns x terms of the product that reads it, one after the other, so that a product reads memory from front to
 * back and finds the terms of a column side by side, or the columns of a term, however the checkpoint stores them. The order is an attribute of
 * the `param`; its value is the same, so any other kernel may read it too. Weights that something reads as plain bytes
 * (a reshape outside of groups) or that two products walk differently stay as they are.
 */
import type { Block, Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { paramRows } from "../../src/ir/param-rows.ts";
import { result, walk } from "../../src/ir/ir.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { definitionsOf } from "../../src/ir/uses.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { axisAttr } from "./attrs.ts";
import { grouped } from "./fuse.ts";
import { mapFuncs } from "./map-funcs.ts";

/** The axes of a matrix that a product walks as its columns and as its terms. */
interface Axes {
  readonly columns: number;
  readonly terms: number;
}

type WeightTile = NonNullable<TargetInfo["tiles"]["weight"]>;

export const packWeights: Pass<Module> = {
  name: "pack-weights",
  summary: "Stores the weights of products in the order in which the products read them.",
  promise: "reassociates",
  requires: [grouped],
  establishes: [],
  destroys: [],
  required: false,
  run(module, context) {
    const tile = context.info.tiles.weight;
    if (tile === undefined) return { ir: module, diagnostics: [] };
    const axes = axesOfWeights(module, tile);
    return mapFuncs(module, (func) => packFunc(func, context, axes, tile));
  },
};

function packFunc(func: Func, { ops }: PassContext, axes: ReadonlyMap<string, Axes>, tile: WeightTile): Func {
  return rewriteFunc(func, ops, (op, operands, b, rewriter) => {
    const found = op.name === "param" ? axes.get(keyOf(op)) : undefined;
    if (found === undefined) return undefined;
    const tiles = [0, 1].map((axis) => (axis === found.columns ? tile.columns : tile.terms));
    const order = tile.columnsLast === true ? [found.terms, found.columns] : [found.columns, found.terms];
    // Tiles that are parts of lines, in the order of the axes, are what is there anyhow.
    if (order[0] === 0 && tiles[0] === 1) return undefined;
    return rewriter.copy(op, operands, b, { ...op.attrs, tile: tiles, order });
  });
}

/** A weight, or the rows of it that this op reads. */
function keyOf({ attrs }: Op): string {
  return `${String(attrs["path"])} ${JSON.stringify(paramRows(attrs) ?? "whole")}`;
}

/** The weights that can be packed, by `keyOf`. */
function axesOfWeights(module: Module, tile: WeightTile): ReadonlyMap<string, Axes> {
  const axes = new Map<string, Axes>();
  const others = new Set<string>();
  for (const func of module.funcs) {
    const paths = new Map<Value, string>();
    walk(func.body, (op) => {
      if (op.name === "param") paths.set(result(op), keyOf(op));
    });
    walk(func.body, (op) => {
      for (const [which, operand] of op.operands.entries()) {
        const path = operand === null ? undefined : paths.get(operand);
        if (path === undefined || operand === null) continue;
        const argument = op.name === "group" ? op.regions[0]?.args[which] : undefined;
        if (argument === undefined) others.add(path);
        for (const walked of argument === undefined ? [] : productAxes(op, argument, tile)) {
          const known = axes.get(path);
          // Rows that are read apart must lie together in the order of the whole, too.
          const isWhole = path.endsWith('"whole"') || (walked?.columns === 0 && tile.columnsLast !== true);
          const isFit = walked !== undefined && isWhole && fits(operand, walked, tile) && (known === undefined || known.terms === walked.terms); // prettier-ignore
          if (isFit) axes.set(path, walked);
          else others.add(path);
        }
      }
    });
    walkYields(func.body, (value) => {
      const path = paths.get(value);
      if (path !== undefined) others.add(path);
    });
  }
  // The loader puts a parameter in one order, whichever pieces of it are read.
  const parameters = new Set([...others].map(parameterOf));
  for (const path of [...axes.keys()]) if (parameters.has(parameterOf(path))) axes.delete(path);
  return axes;
}

/** The weight's path, of what `keyOf` says. */
function parameterOf(key: string): string {
  return key.slice(0, key.lastIndexOf(" "));
}

function fits({ type }: Value, { columns, terms }: Axes, tile: WeightTile): boolean {
  const isWhole = (axis: number, size: number): boolean => type.dims[axis]?.div(size) !== undefined;
  return type.dims.length === 2 && isWhole(columns, tile.columns) && isWhole(terms, tile.terms);
}

/** For each product of a group's body that has the argument as its right operand, seen through casts and transposes, the
 * axes that it walks; undefined for one that sees it in another way. */
function productAxes(group: Op, argument: Value, tile: WeightTile): readonly (Axes | undefined)[] {
  const body = defined(group.regions[0], "a group has a block");
  const makers = definitionsOf(body);
  return body.ops.flatMap((op) => {
    if (op.name !== "matmul") return [];
    const right = op.operands[1];
    if (right === null || right === undefined || !dependsOn(right, argument, makers)) return [];
    const isTransposed = op.attrs["transpose_b"] === true;
    const axes = isTransposed ? { columns: 0, terms: 1 } : { columns: 1, terms: 0 };
    return [sourceAxes(right, axes, argument, makers, tile)];
  });
}

function dependsOn(value: Value, argument: Value, makers: ReadonlyMap<Value, Op>): boolean {
  if (value === argument) return true;
  return (makers.get(value)?.operands ?? []).some(
    (operand) => operand !== null && dependsOn(operand, argument, makers),
  );
}

/** The axes of the argument that are those of `value`; undefined where it is not seen through casts, transposes and slices
 * of whole tiles of columns. */
function sourceAxes(
  value: Value,
  axes: Axes,
  argument: Value,
  makers: ReadonlyMap<Value, Op>,
  tile: WeightTile,
): Axes | undefined {
  if (value === argument) return axes;
  const op = makers.get(value);
  const source = op?.operands[0];
  if (op === undefined || source === undefined || source === null || value.type.dims.length !== 2) return undefined;
  if (op.name === "cast" || (op.name === "slice" && isOfTiles(op, axes, tile)))
    return sourceAxes(source, axes, argument, makers, tile);
  if (op.name !== "transpose") return undefined;
  return sourceAxes(source, { columns: axes.terms, terms: axes.columns }, argument, makers, tile);
}

function isOfTiles(slice: Op, axes: Axes, { columns }: WeightTile): boolean {
  const bounds = [slice.attrs["start"], slice.attrs["end"]].map((at) => (at instanceof Dim ? at.asNumber() : at));
  const isWhole = bounds.every((at) => typeof at === "number" && at % columns === 0);
  return isWhole && axisAttr(slice, 2) === axes.columns;
}

function walkYields(block: Block, visit: (value: Value) => void): void {
  for (const value of block.yields) visit(value);
  for (const op of block.ops) if (op.name !== "group") for (const region of op.regions) walkYields(region, visit);
}
