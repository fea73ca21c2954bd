/** One call of an op as a function of its own: what op tests of every executor run. */
import { evaluate, isTensor } from "../../src/interp/index.ts";
import type { Mode } from "../../src/interp/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Func, FuncArg, Module, OpDef, OpTable, Sample, Tensor, TensorType, Value } from "../../src/ir/index.ts";

export interface OpCase {
  readonly def: OpDef;
  /** `@op(%x0, %x1, ...) -> (y0, y1, ...)`, one op. Absent operands have no argument. */
  readonly func: Func;
  readonly module: Module;
  readonly args: Readonly<Record<string, Tensor>>;
  readonly symbols: Readonly<Record<string, number>>;
}

/** The case of a sample. With `decomposed`, the op is written in terms of others; it must be a composite. */
export function caseOf(def: OpDef, sample: Sample, ops: OpTable, decomposed = false): OpCase {
  const b = new Builder(ops);
  const args: FuncArg[] = [];
  const operands = sample.operands.map((tensor, i): Value | null => {
    if (tensor === null) return null;
    const made = value(sample.types?.[i] ?? typeOf(tensor), `x${i}`);
    args.push({ name: `x${i}`, mode: "in", value: made });
    return made;
  });
  const results = b.emitAll(def.name, operands, sample.attrs);
  const [op] = b.ops;
  const inner = new Builder(ops);
  if (decomposed && (op === undefined || def.decompose === undefined))
    throw new Error(`${def.name} has no decomposition`);
  const body = decomposed
    ? inner.block(valuesOf(args), def.decompose!(inner, operands, op!.attrs, op!))
    : b.block(valuesOf(args), results);
  const func: Func = { name: "op", args, results: body.yields.map((_, i) => ({ name: `y${i}` })), body };
  const tensors = sample.operands.flatMap((tensor, i) => (tensor === null ? [] : [[`x${i}`, tensor] as const]));
  return {
    def,
    func,
    module: { name: def.name, funcs: [func] },
    args: Object.fromEntries(tensors),
    symbols: sample.symbols ?? {},
  };
}

function valuesOf(args: readonly FuncArg[]): readonly Value[] {
  return args.map((arg) => arg.value);
}

/** The results of a case in the interpreter, in order. `args` replace the sample's. */
export function evaluateCase(opCase: OpCase, ops: OpTable, mode: Mode, args = opCase.args): readonly Tensor[] {
  const params = (path: string): Tensor => {
    throw new Error(`an op case has no parameter ${path}`);
  };
  const results = evaluate(opCase.func, args, { ops, params, symbols: opCase.symbols, mode });
  return opCase.func.results.map(({ name }) => {
    const datum = results[name];
    if (datum === undefined || !isTensor(datum)) throw new Error(`result ${name} is a family`);
    return datum;
  });
}

function typeOf(tensor: Tensor): TensorType {
  return tensorType(tensor.dtype, tensor.dims);
}
