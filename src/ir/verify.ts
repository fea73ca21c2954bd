/**
 * Whether a module keeps the rules of the tensor IR. The answer is a list of sentences, each with the function, the op
 * and its place; an empty list means that every later stage may rely on the rules:
 *
 * - names of functions, of a function's arguments and of its results are words, each used once;
 * - a value is defined once and used where it is visible: after its definition, in the block of its definition or a
 *   block inside it, but never across the border of a `group`;
 * - operands, attributes and result types of a listed op are what its record says (`verify-op.ts`);
 * - the blocks of region ops take and yield what their operands and results say (`verify-op.ts`);
 * - a parameter path refers to enclosing repeats only, and has one type in the whole module;
 * - each `inout` argument has exactly one result that is its next value, of the same type.
 */
import type { Block, Func, Module, Op, Value } from "./ir.ts";
import type { OpTable } from "./op-def.ts";
import { paramRows } from "./param-rows.ts";
import { pathIndices } from "./param-path.ts";
import type { TensorType } from "./type.ts";
import { sameType, typeText } from "./type.ts";
import { checkOp } from "./verify-op.ts";

/** The broken rules of a module, as sentences. */
export function verifyModule(module: Module, ops: OpTable): readonly string[] {
  const problems: string[] = [];
  const params = new Map<string, TensorType>();
  for (const name of repeated(module.funcs.map((func) => func.name)))
    problems.push(`module "${module.name}": two functions are named @${name}`);
  for (const func of module.funcs) new FuncVerifier(func, ops, params, problems).run();
  return problems;
}

/** The broken rules of one function, as sentences. */
export function verifyFunc(func: Func, ops: OpTable): readonly string[] {
  const problems: string[] = [];
  new FuncVerifier(func, ops, new Map(), problems).run();
  return problems;
}

const FUNC_NAME = /^[A-Za-z_][A-Za-z0-9_.$-]*$/;
const WORD = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const INDEX = /^[A-Za-z_][A-Za-z0-9_]*$/;

class FuncVerifier {
  private readonly defined = new Set<Value>();

  constructor(
    private readonly func: Func,
    private readonly ops: OpTable,
    /** The types of the parameter paths met so far, in all functions. */
    private readonly params: Map<string, TensorType>,
    private readonly problems: string[],
  ) {}

  run(): void {
    const { func } = this;
    if (!FUNC_NAME.test(func.name)) this.report(`the name is not a word`);
    for (const [what, items] of [
      ["argument", func.args],
      ["result", func.results],
    ] as const) {
      // prettier-ignore
      for (const { name } of items) if (!WORD.test(name)) this.report(`${what} name "${name}" is not a word`);
      for (const name of repeated(items.map((item) => item.name))) this.report(`two ${what}s are named ${name}`);
    }
    this.state();
    const values = func.args.map((arg) => arg.value);
    if (values.length !== func.body.args.length || values.some((value, i) => value !== func.body.args[i]))
      this.report("the body's arguments are not the function's");
    this.block(func.body, new Set(), []);
  }

  /** Each `inout` argument has one next value of its type. */
  private state(): void {
    const { func } = this;
    const { yields } = func.body;
    if (yields.length !== func.results.length)
      this.report(`${yields.length} values returned for ${func.results.length} results`);
    func.results.forEach((result, i) => {
      if (result.into === undefined) return;
      const arg = func.args.find((candidate) => candidate.name === result.into);
      const type = yields[i]?.type;
      if (arg?.mode !== "inout") this.report(`result ${result.name} goes into %${result.into}, which is not inout`);
      else if (type !== undefined && !sameType(type, arg.value.type))
        this.report(`result ${result.name} is ${typeText(type)}, its state ${typeText(arg.value.type)}`);
    });
    for (const arg of func.args) {
      if (arg.mode !== "inout") continue;
      const count = func.results.filter((result) => result.into === arg.name).length;
      if (count !== 1) this.report(`inout argument %${arg.name} has ${count} next values instead of one`);
    }
  }

  private block(block: Block, outer: ReadonlySet<Value>, parents: readonly Op[]): void {
    const visible = new Set(outer);
    const last = parents[parents.length - 1];
    for (const arg of block.args) this.define(arg, visible, last);
    for (const op of block.ops) {
      for (const operand of op.operands) if (operand !== null) this.use(operand, visible, op);
      this.checked(op, parents);
      const inner = op.name === "group" ? new Set<Value>() : visible;
      for (const region of op.regions) this.block(region, inner, [...parents, op]);
      for (const result of op.results) this.define(result, visible, op);
    }
    for (const value of block.yields) this.use(value, visible, last, "yields");
  }

  private checked(op: Op, parents: readonly Op[]): void {
    for (const problem of checkOp(op, this.ops)) this.report(problem, op);
    if (op.name === "repeat") this.index(op, parents);
    if (op.name === "param") this.param(op, parents);
  }

  private index(op: Op, parents: readonly Op[]): void {
    const index = op.attrs["index"];
    if (typeof index !== "string" || !INDEX.test(index)) this.report("`index` must be a word without dots", op);
    if (parents.some((parent) => parent.name === "repeat" && parent.attrs["index"] === index))
      this.report(`an enclosing repeat has the same index %${String(index)}`, op);
  }

  private param(op: Op, parents: readonly Op[]): void {
    const path = op.attrs["path"];
    const type = op.results[0]?.type;
    if (typeof path !== "string" || type === undefined) return;
    const indices = pathIndices(path);
    if (indices === undefined) this.report(`the path "${path}" has malformed braces`, op);
    const known = new Set(parents.flatMap((parent) => (parent.name === "repeat" ? [parent.attrs["index"]] : [])));
    for (const index of indices ?? [])
      if (!known.has(index)) this.report(`the path "${path}" refers to %${index}, which is no enclosing repeat`, op);
    const key = `${path} ${JSON.stringify(paramRows(op.attrs) ?? "whole")}`;
    const before = this.params.get(key);
    if (before !== undefined && !sameType(before, type))
      this.report(`the parameter "${path}" is ${typeText(type)} here and ${typeText(before)} elsewhere`, op);
    this.params.set(key, type);
  }

  private define(value: Value, visible: Set<Value>, op: Op | undefined): void {
    if (this.defined.has(value)) this.report(`value ${label(value)} is defined twice`, op);
    this.defined.add(value);
    visible.add(value);
  }

  private use(value: Value, visible: ReadonlySet<Value>, op: Op | undefined, verb = "uses"): void {
    if (!visible.has(value)) this.report(`it ${verb} ${label(value)}, which is not visible here`, op);
  }

  private report(problem: string, op?: Op): void {
    const result = op?.results[0];
    const name = op === undefined ? "" : `, op \`${op.name}\`${result === undefined ? "" : ` (${label(result)})`}`;
    const start = op?.loc === undefined ? "" : ` at ${op.loc.path}:${op.loc.start.line}:${op.loc.start.column}`;
    this.problems.push(`@${this.func.name}${name}${start}: ${problem}`);
  }
}

function label(value: Value): string {
  return value.name === "" ? `a ${typeText(value.type)}` : `%${value.name}`;
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}
