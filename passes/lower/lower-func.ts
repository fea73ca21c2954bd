/**
 * One entry function to one plan: walks the ops in order, expands each `repeat` (parameter paths and members of
 * families resolved for each iteration), gives each value a buffer and each group a launch. Straight-line by
 * construction. Values that only rename bytes are no steps.
 */
import type { Block, Func, Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import { memberType } from "../../src/ir/region-types.ts";
import type { TensorType } from "../../src/ir/type.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { LaunchStep, Plan, Range } from "../../src/plan/ir.ts";
import { defined } from "../../src/support/errors.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import type { Loc } from "../../src/support/source.ts";
import { numberAttr } from "./attributes.ts";
import { copyGroup, groupOf } from "./group-of.ts";
import type { PreparedGroup } from "./group-of.ts";
import { slotSignature, specOf } from "./group-slots.ts";
import type { KernelStore } from "./kernel-store.ts";
import { LaunchShapes, rangesOf, resultName, scalarsOf } from "./launch-shape.ts";
import type { LaunchShape } from "./launch-shape.ts";
import { oversizedOf } from "./limits.ts";
import type { Oversized } from "./limits.ts";
import type { LoweringContext } from "./lower-group.ts";
import { PlanBuffers, memberOf, samePlace } from "./place.ts";
import type { Place } from "./place.ts";
import { bucketOf, nameRanges } from "./plan-entry.ts";
import { Sources } from "./sources.ts";
import type { ConstantNames } from "./sources.ts";
import { scanLanes } from "../tensor/scan-lanes.ts";
import { sinkUpdates, targetsOf } from "./state-targets.ts";
import type { Target } from "./state-targets.ts";

export interface LoweredFunc {
  readonly plan: Plan;
  readonly diagnostics: readonly Diagnostic[];
  readonly oversized: readonly Oversized[];
}

export function lowerFunc(
  func: Func,
  store: KernelStore,
  constants: ConstantNames,
  context: LoweringContext,
): LoweredFunc {
  return new FuncLowering(func, store, constants, context).lower();
}

class FuncLowering {
  private readonly places = new Map<Value, Place>();
  private readonly steps: LaunchStep[] = [];
  private readonly diagnostics: Diagnostic[] = [];
  private readonly oversized: Oversized[] = [];
  private readonly bucket: Readonly<Record<string, number>>;
  private readonly buffers: PlanBuffers;
  private readonly sources: Sources;
  private readonly body: Block;
  private readonly targets: ReadonlyMap<Value, Target>;
  private readonly shapes = new LaunchShapes();
  /** Enclosing repeats, outermost first. */
  private readonly loops: { readonly index: string; readonly i: number }[] = [];

  constructor(
    private readonly func: Func,
    private readonly store: KernelStore,
    constants: ConstantNames,
    private readonly context: LoweringContext,
  ) {
    this.bucket = bucketOf(func, context.capacities);
    this.buffers = new PlanBuffers(context.capacities, context.info.storage);
    this.sources = new Sources(this.buffers, constants, context);
    this.body = sinkUpdates(func.body);
    this.targets = targetsOf(func, this.body);
  }

  lower(): LoweredFunc {
    const inputs: Record<string, Range> = {};
    for (const { name, mode, value } of this.func.args) {
      const place = this.argument(name, value.type, mode === "inout" ? "state" : "input");
      this.places.set(value, place);
      nameRanges(inputs, name, place);
    }
    this.func.results.forEach(({ name, into }, i) => {
      const family = this.body.yields[i]?.type.family;
      const members = Array.from({ length: family ?? 0 }, (_, member) => `${into ?? name}.${member}`);
      for (const each of [into ?? name, ...members]) this.buffers.reserve(each);
    });
    this.block(this.body);
    const outputs: Record<string, Range> = {};
    this.func.results.forEach(({ name, into }, i) => {
      const value = defined(this.body.yields[i], `@${this.func.name} has no result ${i}`);
      const place = this.argument(into ?? name, value.type, into === undefined ? "output" : "state");
      this.copyInto(place, value);
      nameRanges(outputs, name, place);
    });
    const plan: Plan = {
      entry: this.func.name,
      bucket: this.bucket,
      buffers: this.buffers.all,
      steps: this.steps,
      inputs,
      outputs,
      memory: { peak: 0, lowerBound: 0 },
    };
    return { plan, diagnostics: this.diagnostics, oversized: this.oversized };
  }

  private argument(name: string, type: TensorType, kind: "state" | "input" | "output"): Place {
    if (type.family === undefined) return this.buffers.named(name, type, { kind });
    const member = memberType(type);
    const members = Array.from({ length: type.family }, (_, i) => this.buffers.named(`${name}.${i}`, member, { kind }));
    return { kind: "family", members };
  }

  private block(block: Block): void {
    for (const op of block.ops) this.op(op);
  }

  private op(op: Op): void {
    switch (op.name) {
      case "param":
        return this.set(result(op), this.sources.parameter(op, this.indices()));
      case "constant":
        return this.set(result(op), this.sources.constant(op));
      case "angle_table":
        return this.set(result(op), this.sources.angles(op));
      case "iota":
        return this.set(result(op), { kind: "recipe", op });
      case "reshape":
        return this.set(result(op), this.placeOf(defined(op.operands[0], "reshape of nothing")));
      case "repeat":
        return this.repeat(op);
      case "scan":
        return this.refuse(op);
      default:
        return this.kernel(op);
    }
  }

  private indices(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.loops.map(({ index, i }) => [index, i]));
  }

  /** An op without a schedule is reported; its results get buffers so that the rest is looked at too. */
  private refuse(op: Op): void {
    const place = op.loc === undefined ? {} : { loc: op.loc, label: "no kernel computes this" };
    const found = scanLanes(op, this.context.ops);
    const { sentence, ...more } = "sentence" in found ? found : { sentence: "it stands outside of groups" };
    this.diagnostics.push(diagnostic("LLM0409", `\`${op.name}\` has no schedule: ${sentence}`, { ...place, ...more }));
    for (const value of op.results) this.set(value, this.buffers.temporary(op.name, value.type));
  }

  private repeat(op: Op): void {
    const body = defined(op.regions[0], "repeat without a body");
    const [count, carries] = [numberAttr(op.attrs, "count"), numberAttr(op.attrs, "carries")];
    const operands = op.operands.map((operand) => this.placeOf(defined(operand, "repeat lacks an operand")));
    let carried = operands.slice(0, carries);
    const members: Place[][] = body.yields.slice(carries).map(() => []);
    for (let i = 0; i < count; i++) {
      this.loops.push({ index: String(op.attrs["index"]), i });
      body.args.forEach((arg, which) =>
        this.places.set(
          arg,
          which < carries ? defined(carried[which], "a carried value") : memberOf(defined(operands[which], "an xs"), i),
        ),
      );
      this.block(body);
      const yields = body.yields.map((value) => this.placeOf(value));
      carried = yields.slice(0, carries);
      yields.slice(carries).forEach((place, which) => members[which]?.push(place));
      this.loops.pop();
    }
    op.results.forEach((value, which) => {
      const place = carried[which] ?? { kind: "family", members: defined(members[which - carries], "no ys") };
      this.set(value, place);
    });
  }

  private kernel(op: Op): void {
    const targets = op.results.map((value) => this.targetOf(value));
    const isInPlace = targets.some((target) => target !== undefined);
    const prepare = (): PreparedGroup => groupOf(op, (value) => this.recipeOf(value));
    if (isInPlace && this.launch(op, prepare, targets, true)) return;
    this.launch(op, prepare, isInPlace ? op.results.map(() => undefined) : targets, false);
  }

  /** Launches the kernel of a group. With `onlyIfSafe` it does so only where writing over state disturbs no reader. */
  private launch(op: Op, prepare: () => PreparedGroup, targets: Targets, onlyIfSafe: boolean): boolean {
    const shape = this.shapeOf(op, prepare, targets);
    const { group, lowered } = shape;
    const { kernel } = lowered;
    if (onlyIfSafe && !lowered.updatesAreSafe) return false;
    const operands = group.operands.map((operand) => this.placeOf(operand));
    const results = op.results.map(
      (value, i) => targets[i] ?? this.buffers.temporary(resultName(value, group), value.type),
    );
    op.results.forEach((value, i) => this.set(value, defined(results[i], "a result without a place")));
    const loop = this.loops.at(-1);
    const step: LaunchStep = {
      kind: "launch",
      lane: "compute",
      kernel: kernel.name,
      grid: kernel.grid,
      bindings: rangesOf(shape, operands, results),
      scalars: scalarsOf(shape, operands),
      ...(loop === undefined ? {} : { loop }),
    };
    this.store.keep(lowered.key, kernel);
    this.steps.push(step);
    const owedTo = (buffer: string): Loc | undefined => this.owedTo(buffer, op, results, kernel);
    this.oversized.push(...oversizedOf(step, this.buffers, this.context.info, owedTo));
    return true;
  }

  /** The op that makes a buffer, else the ops that use it, else the signature. */
  private owedTo(buffer: string, op: Op, results: readonly Place[], kernel: Kernel): Loc | undefined {
    const which = results.findIndex((place) => place.kind === "bytes" && place.range.buffer === buffer);
    const [body] = op.regions;
    const made = body?.yields[which];
    const maker = made && body.ops.find((inner) => inner.results.includes(made));
    return this.sources.origins.get(buffer) ?? maker?.loc ?? kernel.locs[0] ?? this.func.loc;
  }

  private shapeOf(op: Op, prepare: () => PreparedGroup, targets: Targets): LaunchShape {
    const outside = op.operands.filter((operand): operand is Value => operand !== null);
    const lying = outside.map((operand) => defined(this.places.get(operand), `no place for ${operand.name}`));
    const recipes = outside.map((operand) => this.recipeOf(operand));
    return this.shapes.find(op, slotSignature(lying, targets), recipes, () => {
      const group = prepare();
      for (const table of group.tables) this.set(result(table), this.sources.constant(table));
      const operands = group.operands.map((operand) => this.placeOf(operand));
      const places = op.results.map(
        (value, i) => targets[i] ?? { name: resultName(value, group), type: this.buffers.lying(value.type) },
      );
      const { spec, bindings, numbers } = specOf(op.attrs, group, operands, places);
      return { group, bindings, numbers, lowered: this.store.lower(spec) };
    });
  }

  /** Makes sure that a value lies at `place` at the end; where it was not made there, one kernel copies it. */
  private copyInto(place: Place, value: Value): void {
    const from = this.placeOf(value);
    if (place.kind === "family") {
      place.members.forEach((member, i) => this.copyMember(member, memberOf(from, i), memberType(value.type)));
    } else this.copyMember(place, from, value.type);
  }

  private copyMember(to: Place, from: Place, type: TensorType): void {
    if (samePlace(to, from)) return;
    const { op, group } = copyGroup(type);
    for (const value of group.operands) this.places.set(value, from);
    this.launch(op, () => group, [to], false);
  }

  private targetOf(value: Value): Place | undefined {
    const target = this.targets.get(value);
    if (target === undefined) return undefined;
    const name = target.isMember ? `${target.name}.${defined(this.loops.at(-1), "no loop").i}` : target.name;
    return this.buffers.named(name, target.type, { kind: target.kind });
  }

  private recipeOf(value: Value): Op | undefined {
    const place = this.places.get(value);
    return place?.kind === "recipe" ? place.op : undefined;
  }

  /** Where a value lies. What is made of nothing gets a kernel of its own here: it is needed as bytes. */
  private placeOf(value: Value): Place {
    const place = defined(this.places.get(value), `a value without a place: ${value.name}`);
    if (place.kind !== "recipe") return place;
    this.places.delete(value);
    const op: Op = { ...place.op, results: [value] };
    this.launch(op, () => groupOf(op, () => undefined), [undefined], false);
    return this.placeOf(value);
  }

  private set(value: Value, place: Place): void {
    this.places.set(value, place);
  }
}

/** Where results must go; undefined for a new buffer. */
type Targets = readonly (Place | undefined)[];
