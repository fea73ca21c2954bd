/**
 * `repeat(layers, x)`: the loop over an array of blocks. The body is elaborated once for all layers that differ only in
 * parameter names and scalar constants; other differences split the list into periodic runs (DECISIONS.md 1 and 2).
 */
import type { CallExpr } from "../../grammar/ast.ts";
import type { Block, Literal, Op, Value } from "../ir/ir.ts";
import { value, walk } from "../ir/ir.ts";
import { firstPath } from "../ir/param-path.ts";
import { familyType } from "../ir/region-types.ts";
import { sameType, tensorType } from "../ir/type.ts";
import type { BlockShape } from "./block-shape.ts";
import { inlineInstance } from "./call.ts";
import type { ArrayEntity, Entity, InstanceEntity } from "./entity.ts";
import { kindText, poison } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { typeWords } from "./explain.ts";
import { asTensor, indexName, newFrame, scratchFrame } from "./frame.ts";
import { layerKey, scalarConstantOf } from "./layer-key.ts";
import { storageKey } from "./parameters.ts";
import type { Run } from "./periodic-runs.ts";
import { periodicRuns } from "./periodic-runs.ts";
import type { Context, Frame, Tap } from "./session.ts";
import { placeOf, report } from "./session.ts";

export const REPEAT = "repeat";
/** Loops in loops. Each level is elaborated to be looked at and once more to be kept, so the work doubles with each. */
const MAX_LOOPS = 6;

/** What one elaboration of a layer showed. */
interface Trial {
  readonly key: string;
  readonly constants: readonly Literal[];
}

/** One call of `repeat`. `inputs` are the carried value, then what every layer gets unchanged. */
interface Loop {
  readonly context: Context;
  readonly frame: Frame;
  readonly array: ArrayEntity;
  readonly inputs: readonly Value[];
  readonly expr: CallExpr;
  readonly trials: ReadonlyMap<BlockShape, Trial>;
}

export function callRepeat(context: Context, expr: CallExpr, hint: string): Entity {
  const [layers, ...rest] = expr.args;
  const { frame } = context;
  if (layers === undefined || rest.length === 0) {
    report(context, "LLM0205", "`repeat` takes a list of layers, then what is carried from layer to layer", expr.span);
    return poison;
  }
  const loops = context.loops ?? 0;
  if (loops >= MAX_LOOPS) {
    report(context, "LLM0107", `lists of layers are nested more than ${MAX_LOOPS} deep`, expr.span, {
      help: "list the layers of the inner lists one by one",
    });
    return poison;
  }
  const array = evaluate(context, layers.value);
  const inputs = rest.map((argument) => asTensor(context, evaluate(context, argument.value), argument.value.span));
  if (array.kind === "poison") return poison;
  if (array.kind !== "array") {
    report(context, "LLM0215", "`repeat` runs a list of layers", layers.span, { label: `this is ${kindText(array)}` });
    return poison;
  }
  if (frame === undefined) {
    report(context, "LLM0214", "`repeat` computes a tensor, and a compile-time value is needed", expr.span);
    return poison;
  }
  const inner: Context = { ...context, loops: loops + 1 };
  const known = inputs.filter((input) => input !== undefined);
  if (known.length < inputs.length) {
    // The layers' own mistakes are told although there is nothing to carry through them.
    tryLayer({ ...inner, frame: scratchFrame(frame) }, instanceAt(array, 0, "0"), inputs, expr);
    return poison;
  }
  const trials = tryLayers(inner, frame, array, known, expr);
  if (trials === undefined) return poison;
  const loop: Loop = { context: inner, frame, array, inputs: known, expr, trials };
  return emitRuns(loop, hint);
}

function instanceAt(array: ArrayEntity, layer: number, index: string): InstanceEntity {
  const shape = array.layers[layer] ?? array.layers[0];
  if (shape === undefined) throw new RangeError(`${array.path} has no layers`);
  return { kind: "instance", shape, path: `${array.path}.${index}`, use: array.use };
}

/** Elaborates one layer; its result where it fits the carried value, else undefined after a report. */
function tryLayer(
  context: Context,
  instance: InstanceEntity,
  inputs: readonly (Value | undefined)[],
  expr: CallExpr,
): Value | undefined {
  const { decl } = instance.shape;
  if (decl.kind !== "block") return undefined;
  if (decl.params.length !== inputs.length) {
    report(
      context,
      "LLM0205",
      `the layers of \`repeat\` take ${decl.params.length} tensors, and ${inputs.length} are given`,
      expr.span,
      {
        related: [{ message: "declared here", at: decl.name.span }],
      },
    );
    return undefined;
  }
  const result = inlineInstance(context, instance, inputs, expr.span, "");
  const [carried] = inputs;
  if (result.kind !== "tensor" || carried === undefined) return undefined;
  if (sameType(result.value.type, carried.type)) return result.value;
  // A layer that does not take what is given need not return it.
  const { reporter } = context.session;
  if (reporter.has("LLM0203", expr.span) || reporter.has("LLM0233", expr.span)) return undefined;
  report(context, "LLM0216", `a layer of \`repeat\` does not return what it takes`, expr.span, {
    label: `takes ${typeWords(carried.type)} and returns ${typeWords(result.value.type)}`,
    related: [{ message: "the layer is declared here", at: decl.result?.span ?? decl.name.span }],
    help: `let the layer return ${typeWords(carried.type)}, which the next one takes`,
  });
  return undefined;
}

/** Each different shape once, in scratch frames. */
function tryLayers(
  context: Context,
  frame: Frame,
  array: ArrayEntity,
  inputs: readonly Value[],
  expr: CallExpr,
): ReadonlyMap<BlockShape, Trial> | undefined {
  const trials = new Map<BlockShape, Trial>();
  if (new Set(array.layers).size === 1) return trials;
  for (const [layer, shape] of array.layers.entries()) {
    if (trials.has(shape)) continue;
    const parent = scratchFrame(frame);
    const body = newFrame(parent.builder.nested(), parent);
    const instance = instanceAt(array, layer, `{${indexName(frame.depth)}}`);
    const out = tryLayer({ ...context, frame: body }, instance, inputs, expr);
    if (out === undefined) return undefined;
    const block = body.builder.block(inputs, [out]);
    trials.set(shape, { key: layerKey(block), constants: constantsIn(block) });
  }
  return trials;
}

function constantsIn(block: Block): readonly Literal[] {
  const found: Literal[] = [];
  walk(block, (op) => {
    const literal = scalarConstantOf(op);
    if (literal !== undefined) found.push(literal);
  });
  return found;
}

function emitRuns(loop: Loop, hint: string): Entity {
  const { array, context } = loop;
  const keys = array.layers.map((shape, layer) => {
    const path = `${firstPath(array.path)}.${array.first + layer}`;
    return `${loop.trials.get(shape)?.key ?? ""}|${storageKey(shape, path, context.session)}`;
  });
  const runs = periodicRuns(keys);
  const name = tappedAs(loop);
  let carried = loop.inputs[0];
  if (carried !== undefined) tap(loop, `${name}.in`, carried);
  for (const [index, run] of runs.entries()) {
    if (carried === undefined) return poison;
    const isAll = runs.length === 1 && run.period === 1;
    const tapName = (each: string, layer: number): string =>
      isAll ? each : `${each}_from_${layer}_step_${run.period}`;
    carried = emitRun({ ...loop, name, tapName }, run, carried, index === runs.length - 1 ? hint : "");
  }
  return carried === undefined ? poison : { kind: "tensor", value: carried };
}

/** What the taps of a list are called: its path, whose numbers are no words, and which use of the list this is. */
function tappedAs({ array, frame }: Loop): string {
  const path = array.path.replaceAll(/\.(?=\d)/g, "_");
  const isTaken = (name: string): boolean => frame.taps.some((each) => each.name === `${name}.in`);
  let name = path;
  for (let use = 2; isTaken(name); use++) name = `${path}_use_${use}`;
  return name;
}

function tap(loop: Loop, name: string, tapped: Value): void {
  if (loop.context.session.taps && loop.frame.depth === 0)
    loop.frame.taps.push({ name, value: tapped, span: loop.expr.span });
}

/** `{i}`, `{i+4}`, `{2*i+1}`: the number of the layer in iteration i. */
function layerIndex(name: string, period: number, offset: number): string {
  return `{${period === 1 ? "" : `${period}*`}${name}${offset === 0 ? "" : `+${offset}`}}`;
}

interface TappedLoop extends Loop {
  /** What the taps of the list itself begin with. */
  readonly name: string;
  /** A tap of the layers that begin with `layer`: runs of one list are told apart by where they begin. */
  readonly tapName: (each: string, layer: number) => string;
}

/** One `repeat` op; its last carried value, or undefined after a report. */
function emitRun(loop: TappedLoop, run: Run, carried: Value, hint: string): Value | undefined {
  const { context, frame, array, expr } = loop;
  const { period, count } = run;
  const index = indexName(frame.depth);
  const body = newFrame(frame.builder.nested(), frame);
  const carryArg = value(carried.type, carried.name === "" ? "x" : carried.name);
  const outs: Value[] = [];
  const marks: number[] = [0];
  const tapped: Tap[] = [];
  let current = carryArg;
  for (let r = 0; r < period; r++) {
    const instance = instanceAt(array, run.start + r, layerIndex(index, period, array.first + run.start + r));
    const out = tryLayer({ ...context, frame: body }, instance, [current, ...loop.inputs.slice(1)], expr);
    if (out === undefined) return undefined;
    outs.push(out);
    const within = body.taps.slice(tapped.length);
    tapped.push(...within.map((each) => ({ ...each, name: loop.tapName(each.name, array.first + run.start + r) })));
    marks.push(body.builder.ops.length);
    current = out;
  }
  const families = familyConstants(loop, run, body, marks);
  const substitute = (each: Value): Value => families.get(each)?.member ?? each;
  const ys = context.session.taps && frame.depth === 0 ? [...outs, ...tapped.map((each) => each.value)] : [];
  const made: Op = {
    name: "repeat",
    operands: [carried, ...[...families.values()].map((family) => family.all)],
    attrs: { index, count, carries: 1 },
    results: [value(carried.type, hint), ...ys.map((y) => value(familyType(y.type, count), y.name))],
    regions: [
      {
        args: [carryArg, ...[...families.values()].map((family) => family.member)],
        ops: withoutConstants(body.builder.ops, families, substitute),
        yields: [current, ...ys].map(substitute),
      },
    ],
    loc: placeOf(context, expr.span),
  };
  const { results } = frame.builder.push(made);
  outs.forEach((_, r) => {
    const family = results[1 + r];
    if (ys.length > 0 && family !== undefined)
      tap(loop, loop.tapName(`${loop.name}.out`, array.first + run.start + r), family);
  });
  tapped.forEach((each, position) => {
    const family = results[1 + outs.length + position];
    if (ys.length > 0 && family !== undefined) frame.taps.push({ ...each, value: family });
  });
  return results[0];
}

/** A scalar that differs between the layers: all of them, and the one of the iteration. */
interface Family {
  readonly all: Value;
  readonly member: Value;
}

/** The constants of the body that are not the same in each iteration, as inputs of the loop. */
function familyConstants(loop: Loop, run: Run, body: Frame, marks: readonly number[]): ReadonlyMap<Value, Family> {
  const { builder } = loop.frame;
  const families = new Map<Value, Family>();
  for (let r = 0; r < run.period; r++) {
    const versions = Array.from({ length: run.count }, (_, iteration) => {
      const shape = loop.array.layers[run.start + r + iteration * run.period];
      return (shape && loop.trials.get(shape)?.constants) ?? [];
    });
    let ordinal = 0;
    const layer: Block = { args: [], ops: body.builder.ops.slice(marks[r], marks[r + 1]), yields: [] };
    walk(layer, (op) => {
      const literal = scalarConstantOf(op);
      const [result] = op.results;
      if (literal === undefined || result === undefined) return;
      const data = versions.map((constants) => constants[ordinal]?.data[0] ?? literal.data[0] ?? 0);
      ordinal++;
      if (data.every((x) => Object.is(x, data[0]))) return;
      const family: Literal = { kind: "literal", dtype: literal.dtype, dims: [run.count], data };
      builder.loc = op.loc;
      const all = builder.emit("constant", [], { value: family, family: run.count }, result.name);
      families.set(result, { all, member: value(tensorType(literal.dtype, []), result.name) });
    });
  }
  return families;
}

/** The ops of a body with the constants in `families` taken out and their uses replaced. */
function withoutConstants(
  ops: readonly Op[],
  families: ReadonlyMap<Value, Family>,
  substitute: (each: Value) => Value,
): readonly Op[] {
  if (families.size === 0) return ops;
  return ops
    .filter((op) => !op.results.some((result) => families.has(result)))
    .map((op) => ({
      ...op,
      operands: op.operands.map((operand) => operand && substitute(operand)),
      regions: op.regions.map((region) => ({
        ...region,
        ops: withoutConstants(region.ops, families, substitute),
        yields: region.yields.map(substitute),
      })),
    }));
}
