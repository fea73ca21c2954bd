/**
 * Random well-typed programs over the list of ops, for round trips and differential tests. A program calls some ops on
 * the operands of their own samples, and connects the results by steps that keep numbers tame (`steps.ts`): no NaN, no
 * infinity, no division by nearly zero. The same seed gives the same program as long as the list is the same.
 */
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Func, FuncArg, Module, OpDef, OpTable, Sample, Tensor, TensorType, Value } from "../../src/ir/index.ts";
import { Dim } from "../../src/support/dim.ts";
import type { Rng } from "../../src/support/random.ts";
import { countOf, randomTensor } from "../support/random-tensor.ts";
import { STEPS } from "./steps.ts";

export interface RandomProgram {
  /** One function, `@main`; its results are f32, i32 or u32 tensors. */
  readonly module: Module;
  readonly symbols: Readonly<Record<string, number>>;
  readonly args: Readonly<Record<string, Tensor>>;
  /** By resolved path: `layers.1.w0`. */
  readonly params: ReadonlyMap<string, Tensor>;
}

const LARGEST_SAMPLE = 600;
const MOST_RESULTS = 4;

/** A program of `steps` steps (default 4 to 12). */
export function randomProgram(rng: Rng, ops: OpTable, steps = rng.int(4, 13)): RandomProgram {
  const draft = new Draft(rng, ops);
  draft.sampleCall();
  for (let i = 0; i < steps; i++) {
    if (rng.uniform() < 0.3) draft.sampleCall();
    else rng.pick(STEPS)(draft);
  }
  return draft.finish();
}

/** A program under construction: what a step may look at and add to. */
export class Draft {
  readonly b: Builder;
  /** Values that later steps may use, no families. */
  readonly pool: Value[] = [];
  readonly symbols: Record<string, number>;
  private readonly args: FuncArg[] = [];
  private readonly tensors: Record<string, Tensor> = {};
  private readonly params = new Map<string, Tensor>();
  private readonly calls: readonly { readonly def: OpDef; readonly sample: Sample }[];
  private loops = 0;

  constructor(
    readonly rng: Rng,
    readonly ops: OpTable,
  ) {
    this.b = new Builder(ops);
    const all = [...ops.values()].flatMap((def) => def.samples(rng).map((sample) => ({ def, sample })));
    const small = all.filter(({ sample }) => sample.special !== true && elementsOf(sample) <= LARGEST_SAMPLE);
    // Symbols have one size in a program: half of the programs take those of one sample.
    const sizes = rng.pick(small).sample.symbols ?? {};
    this.symbols = { B: rng.int(1, 4), T: rng.int(1, 7), ...(rng.uniform() < 0.5 ? sizes : {}) };
    this.calls = small.filter(({ sample }) =>
      Object.entries(sample.symbols ?? {}).every(([name, size]) => (this.symbols[name] ?? size) === size),
    );
    const width = rng.pick([1, 4, 5, 8]);
    const dims = [Dim.symbol("B"), Dim.symbol("T"), Dim.of(width)];
    const shape = dims.map((dim) => dim.evaluate(this.symbols));
    this.pool.push(this.argument({ dtype: "f32", dims }, randomTensor(rng, "f32", shape)));
  }

  /** Calls a random op on the operands of one of its samples. */
  sampleCall(): void {
    // An op first: some have many more samples than others.
    const def = this.rng.pick([...new Set(this.calls.map((call) => call.def))]);
    const { sample } = this.rng.pick(this.calls.filter((call) => call.def === def));
    const isCompatible = Object.entries(sample.symbols ?? {}).every(([s, size]) => (this.symbols[s] ?? size) === size);
    if (!isCompatible) return;
    Object.assign(this.symbols, sample.symbols);
    const operands = sample.operands.map((tensor, i) =>
      tensor === null ? null : this.argument(sample.types?.[i] ?? tensorType(tensor.dtype, tensor.dims), tensor),
    );
    const results = this.b.emitAll(def.name, operands, sample.attrs);
    this.pool.push(...results.filter((made) => made.type.family === undefined));
  }

  /** A random f32 value of the pool that `wanted` accepts. */
  float(wanted: (type: TensorType) => boolean = () => true): Value | undefined {
    const fitting = this.pool.filter(({ type }) => type.dtype === "f32" && wanted(type));
    return fitting.length === 0 ? undefined : this.rng.pick(fitting);
  }

  /** Emits an op if the list has it and its record accepts the operands. */
  tryEmit(name: string, operands: readonly Value[], attrs: Parameters<Builder["emit"]>[2] = {}): Value | undefined {
    const def = this.ops.get(name);
    if (
      def === undefined ||
      typeof def.infer(
        operands.map((operand) => operand.type),
        attrs,
      ) === "string"
    )
      // prettier-ignore
      return undefined;
    return this.b.emit(name, operands, attrs);
  }

  /** A new f32 parameter; with `count` a family of them, for the body of a repeat with that index. */
  param(b: Builder, path: string, dims: readonly number[], count?: { index: string; size: number }): Value {
    const indices = count === undefined ? [""] : Array.from({ length: count.size }, (_, i) => String(i));
    for (const i of indices) this.params.set(path.replace(`{${count?.index}}`, i), randomTensor(this.rng, "f32", dims));
    return b.param(path, tensorType("f32", dims));
  }

  /** A name that no other loop or parameter of the program has. */
  fresh(prefix: string): string {
    return `${prefix}${this.loops++}`;
  }

  finish(): RandomProgram {
    const used = new Set(this.b.ops.flatMap((op) => op.operands));
    const open = this.pool.filter((made) => !used.has(made)).slice(-MOST_RESULTS);
    const yields = open.map((made) => this.printable(made));
    const body = this.b.block(
      this.args.map((arg) => arg.value),
      yields,
    );
    const results = yields.map((_, i) => ({ name: `y${i}` }));
    const func: Func = { name: "main", args: this.args, results, body };
    return {
      module: { name: "random", funcs: [func] },
      symbols: this.symbols,
      args: this.tensors,
      params: this.params,
    };
  }

  /** Results have types that every executor can give back. */
  private printable(made: Value): Value {
    const { dtype } = made.type;
    if (dtype === "f32" || dtype === "i32" || dtype === "u32") return made;
    return this.b.emit("cast", [made], { dtype: dtype === "bool" ? "i32" : "f32" });
  }

  private argument(type: TensorType, tensor: Tensor): Value {
    const name = `x${this.args.length}`;
    const made = value(type, name);
    this.args.push({ name, mode: "in", value: made });
    this.tensors[name] = tensor;
    return made;
  }
}

function elementsOf(sample: Sample): number {
  return sample.operands.reduce((all, tensor) => all + (tensor === null ? 0 : countOf(tensor.dims)), 0);
}
