/**
 * How long a launch takes at most, at the largest sizes of its plan: the time of a launch, and that of its bytes or of
 * its operations, whichever is longer, at rates that the device surely reaches. Operations are counted in the kernel's
 * body with the largest number of iterations that ranges of integers give; a bound that only the device knows counts as
 * the largest size of the plan. A buffer counts once, and no more of it than is loaded; of branches, and of loops that have
 * steps under conditions that exclude each other, a workgroup takes the one that costs most.
 */
import type { Buffer, Expression, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { elementBytes } from "../../src/kernel/ir.ts";
import type { Rates } from "../../src/kernel/target-info.ts";
import type { LaunchStep } from "../../src/plan/ir.ts";
import { Conditions } from "./exclusive.ts";

export interface LaunchCost {
  /** Scalar operations, loads and stores, of one workgroup. */
  readonly operations: number;
  /** Bytes that one workgroup moves at most, of each buffer. */
  readonly bytes: ReadonlyMap<Buffer, number>;
  /** And of all of them together: less than their sum where buffers are read in different branches. */
  readonly bytesTogether: number;
}

/** Seconds of `step` with this many workgroups. */
export function predictSeconds(
  step: LaunchStep,
  kernel: Kernel,
  groups: number,
  cost: LaunchCost,
  rates: Rates,
): number {
  const apart = kernel.buffers.reduce((sum, buffer, i) => {
    return sum + Math.min(step.bindings[i]?.bytes ?? 0, (cost.bytes.get(buffer) ?? 0) * groups);
  }, 0);
  const bytes = Math.min(apart, cost.bytesTogether * groups);
  const { operations } = cost;
  const alone = operations / rates.workgroupOperationsPerSecond;
  const together = (operations * groups) / rates.operationsPerSecond;
  return rates.launchSeconds + (groups === 0 ? 0 : Math.max(bytes / rates.bytesPerSecond, together, alone));
}

/** What a workgroup of the kernel does at most, under these sizes and launch scalars and in a grid of `groups`. */
export function costOf(
  kernel: Kernel,
  sizes: Readonly<Record<string, number>>,
  launchScalars: readonly number[],
  groups: readonly [number, number, number],
): LaunchCost {
  const counter = new Counter(kernel, sizes, launchScalars, groups);
  const { operations, bytes: bytesTogether } = counter.count(kernel.body, 1);
  const invocations = kernel.workgroup.reduce((product, size) => product * size, 1);
  const bytes = new Map([...counter.bytes].map(([buffer, each]) => [buffer, each * invocations]));
  return { operations: operations * invocations, bytes, bytesTogether: bytesTogether * invocations };
}

/** The costs of the launches of a plan; a layer's are those of the layer before. */
export class LaunchCosts {
  private readonly known = new Map<string, LaunchCost>();

  constructor(private readonly sizes: Readonly<Record<string, number>>) {}

  of(kernel: Kernel, launchScalars: readonly number[], groups: readonly [number, number, number]): LaunchCost {
    const key = `${kernel.name} ${launchScalars.join()} ${groups.join()}`;
    const cost = this.known.get(key) ?? costOf(kernel, this.sizes, launchScalars, groups);
    this.known.set(key, cost);
    return cost;
  }
}

/** What one invocation does. */
interface Work {
  readonly operations: number;
  readonly bytes: number;
}

function sumOf(one: Work, other: Work): Work {
  return { operations: one.operations + other.operations, bytes: one.bytes + other.bytes };
}

function larger(one: Work, other: Work): Work {
  return { operations: Math.max(one.operations, other.operations), bytes: Math.max(one.bytes, other.bytes) };
}

/** Both bounds inclusive. */
interface Interval {
  readonly low: number;
  readonly high: number;
}

const UNKNOWN: Interval = { low: -Infinity, high: Infinity };
/** A tree over the invocations of a workgroup. */
const COLLECTIVE = 16;

class Counter {
  readonly bytes = new Map<Buffer, number>();
  private readonly intervals = new Map<KValue, Interval>();
  /** Which part of the invocations a condition holds for, where it keeps those beyond an edge out. */
  private readonly shares = new Map<KValue, number>();
  private readonly conditions = new Conditions();
  /** Under which condition a bound is not 0. */
  private readonly needs = new Map<KValue, KValue>();
  private readonly largest: number;

  constructor(
    private readonly kernel: Kernel,
    sizes: Readonly<Record<string, number>>,
    launchScalars: readonly number[],
    private readonly groups: readonly [number, number, number],
  ) {
    this.largest = Math.max(1, ...Object.values(sizes));
    const launched = kernel.scalars.filter(({ from }) => from === "launch");
    kernel.scalars.forEach((scalar, i) => {
      const value = kernel.scalarValues[i];
      const known = scalar.from === "call" ? sizes[scalar.name] : launchScalars[launched.indexOf(scalar)];
      if (value !== undefined && known !== undefined) this.intervals.set(value, { low: known, high: known });
    });
  }

  /** Of one invocation in a body that runs `times` times. */
  count(body: readonly Statement[], times: number): Work {
    const sets: { readonly conditions: KValue[]; readonly works: Work[] }[] = [];
    for (const statement of body) {
      const work = this.statement(statement, times);
      const condition = statement.kind === "for" ? this.needs.get(statement.to) : undefined;
      const isApart = (other: KValue): boolean =>
        condition !== undefined && this.conditions.areExclusive(condition, other);
      const set = sets.find(({ conditions }) => conditions.length > 0 && conditions.every(isApart));
      if (set === undefined) sets.push({ conditions: condition === undefined ? [] : [condition], works: [work] });
      else {
        set.works.push(work);
        if (condition !== undefined) set.conditions.push(condition);
      }
    }
    return sets.map(({ works }) => works.reduce(larger)).reduce(sumOf, { operations: 0, bytes: 0 });
  }

  private statement(statement: Statement, times: number): Work {
    switch (statement.kind) {
      case "let": {
        const { expression, result } = statement;
        this.intervals.set(result, this.interval(expression));
        this.conditions.learn(result, expression);
        if (expression.kind === "select" && this.of(expression.y).high <= 0)
          this.needs.set(result, expression.condition);
        if (expression.kind === "binary" && expression.op === "lt")
          this.shares.set(result, shareBelow(this.of(expression.x), this.of(expression.y)));
        const bytes = expression.kind === "load" ? this.moves(expression.buffer, times) : 0;
        return { operations: times * operationsOf(expression, result.type.lanes), bytes };
      }
      case "store":
        return { operations: times * statement.buffer.lanes, bytes: this.moves(statement.buffer, times) };
      case "barrier":
        return { operations: times, bytes: 0 };
      case "if": {
        const share = this.shares.get(statement.condition) ?? 1;
        const [body, otherwise] = [this.count(statement.body, times * share), this.count(statement.otherwise, times)];
        return larger(body, otherwise);
      }
      case "for": {
        const [from, to, step] = [statement.from, statement.to, statement.step].map((value) => this.of(value));
        const span = (to?.high ?? Infinity) - (from?.low ?? 0);
        const trips = Math.ceil(
          (Number.isFinite(span) ? Math.max(0, span) : this.largest) / Math.max(1, step?.low ?? 1),
        );
        this.intervals.set(statement.index, { low: from?.low ?? -Infinity, high: (to?.high ?? Infinity) - 1 });
        return this.count(statement.body, times * trips);
      }
    }
  }

  private moves(buffer: Buffer, times: number): number {
    if (buffer.space !== "storage") return 0;
    const bytes = times * elementBytes(buffer.element) * buffer.lanes;
    this.bytes.set(buffer, (this.bytes.get(buffer) ?? 0) + bytes);
    return bytes;
  }

  private of(value: KValue): Interval {
    return this.intervals.get(value) ?? UNKNOWN;
  }

  private interval(expression: Expression): Interval {
    switch (expression.kind) {
      case "constant":
        return { low: expression.value, high: expression.value };
      case "builtin": {
        const [what = "", axis = ""] = expression.name.split("_");
        const size = (what === "local" ? this.kernel.workgroup : this.groups)["xyz".indexOf(axis)];
        return { low: 0, high: (what === "local" || what === "workgroup") && size !== undefined ? size - 1 : Infinity };
      }
      case "binary":
        return ofBinary(expression.op, this.of(expression.x), this.of(expression.y));
      case "select": {
        const [x, y] = [this.of(expression.x), this.of(expression.y)];
        return { low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) };
      }
      case "cast":
        return this.of(expression.x);
      default:
        return UNKNOWN;
    }
  }
}

/** How many of the numbers of `x`, which count from 0, are below the largest `y`. */
function shareBelow(x: Interval, y: Interval): number {
  if (x.low !== 0 || !Number.isFinite(x.high) || !Number.isFinite(y.high)) return 1;
  return Math.min(1, Math.max(0, y.high) / (x.high + 1));
}

function operationsOf(expression: Expression, lanes: number): number {
  switch (expression.kind) {
    case "constant":
    case "builtin":
    case "bitcast":
    case "vector":
    case "extract":
      return 0;
    case "fma":
      return 2 * lanes;
    case "workgroup_load":
    case "workgroup_reduce":
    case "workgroup_broadcast":
    case "subgroup_reduce":
      return COLLECTIVE * lanes;
    default:
      return lanes;
  }
}

function ofBinary(op: string, x: Interval, y: Interval): Interval {
  const corners = (combine: (a: number, b: number) => number): Interval => {
    const all = [combine(x.low, y.low), combine(x.low, y.high), combine(x.high, y.low), combine(x.high, y.high)];
    return all.some(Number.isNaN) ? UNKNOWN : { low: Math.min(...all), high: Math.max(...all) };
  };
  switch (op) {
    case "add":
      return { low: x.low + y.low, high: x.high + y.high };
    case "sub":
      return { low: x.low - y.high, high: x.high - y.low };
    case "mul":
      return corners((a, b) => a * b);
    case "div":
      return y.low < 1 ? UNKNOWN : corners((a, b) => Math.trunc(a / b));
    case "rem":
      return x.low < 0 || y.low < 1 ? UNKNOWN : { low: 0, high: Math.min(x.high, y.high - 1) };
    case "shl":
      return y.low === y.high ? ofBinary("mul", x, { low: 2 ** y.low, high: 2 ** y.low }) : UNKNOWN;
    case "shr":
      return y.low === y.high
        ? { low: Math.floor(x.low / 2 ** y.low), high: Math.floor(x.high / 2 ** y.low) }
        : UNKNOWN;
    case "and":
      return x.low < 0 || y.low < 0 ? UNKNOWN : { low: 0, high: Math.min(x.high, y.high) };
    case "min":
      return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
    case "max":
      return { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
    default:
      return UNKNOWN;
  }
}
