/**
 * What must hold of every kernel: types, scopes, access modes, and that barriers and operations over the workgroup are
 * reached by all of its invocations. Each finding is one sentence that names the kernel.
 */
import { assertNever } from "../support/errors.ts";
import { expressionProblem } from "./verify-expression.ts";
import type { Buffer, Expression, KValue, Kernel, Statement } from "./ir.ts";
import { I32, loadType, sameKType } from "./ir.ts";
import { ktypeText } from "./names.ts";
import { varyingValues } from "./uniform.ts";
import { containsCollective, isCollective, operandsOf } from "./walk.ts";

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]*$/;

/** The problems of a kernel, in program order; empty if there are none. */
export function verifyKernel(kernel: Kernel): string[] {
  return new Verifier(kernel).run();
}

class Verifier {
  private readonly problems: string[] = [];
  private readonly defined = new Set<KValue>();
  private readonly known: ReadonlySet<Buffer>;
  private readonly varying: ReadonlySet<KValue>;
  private readonly literals = new Map<KValue, number>();

  constructor(private readonly kernel: Kernel) {
    this.known = new Set([...kernel.buffers, ...kernel.locals]);
    this.varying = varyingValues(kernel);
  }

  run(): string[] {
    const { kernel } = this;
    const names = [...kernel.buffers, ...kernel.locals, ...kernel.scalars].map(({ name }) => name);
    names.forEach((name, i) => {
      if (!IDENTIFIER.test(name)) this.problem(`\`${name}\` is no identifier`);
      if (names.indexOf(name) !== i) this.problem(`two of its buffers and scalars are called ${name}`);
    });
    if (kernel.workgroup.some((size) => !Number.isInteger(size) || size < 1))
      this.problem(`its workgroup is ${kernel.workgroup.join(" x ")}`);
    for (const local of kernel.locals)
      if (local.length.asNumber() === undefined) this.problem(`the length of ${local.name} is not a number`);
    for (const [output, input] of kernel.inPlace)
      if (kernel.buffers[output] === undefined || kernel.buffers[input] === undefined)
        this.problem(`in_place names buffers ${output} and ${input}`);
    for (const value of kernel.scalarValues) this.defined.add(value);
    this.body(kernel.body, true);
    return this.problems;
  }

  private problem(message: string): void {
    this.problems.push(`kernel ${this.kernel.name}: ${message}`);
  }

  private use(value: KValue, what: string): void {
    if (!this.defined.has(value)) this.problem(`${what} uses %${value.name}, which is not defined there`);
  }

  private define(value: KValue): void {
    if (this.defined.has(value)) this.problem(`%${value.name} is defined twice`);
    this.defined.add(value);
  }

  private body(body: readonly Statement[], uniform: boolean, yields: readonly KValue[] = []): void {
    const inside: KValue[] = [];
    for (const statement of body) inside.push(...this.statement(statement, uniform));
    yields.forEach((value) => this.use(value, "a yield"));
    if (body !== this.kernel.body) inside.forEach((value) => this.defined.delete(value));
  }

  /** Checks one statement and returns the values that it defines for those after it. */
  private statement(statement: Statement, uniform: boolean): readonly KValue[] {
    if (isCollective(statement) && !uniform)
      this.problem(
        `${statement.kind === "let" ? statement.expression.kind : "a barrier"} is not reached by all invocations`,
      );
    switch (statement.kind) {
      case "barrier":
        return [];
      case "store":
        this.store(statement);
        return [];
      case "let": {
        const { expression, result } = statement;
        operandsOf(expression).forEach((value) => this.use(value, `%${result.name}`));
        const problem = expressionProblem(expression, result.type, this.kernel.requires);
        if (problem !== undefined) this.problem(`%${result.name} = ${expression.kind}: ${problem}`);
        if (expression.kind === "workgroup_load" && this.varying.has(expression.index))
          this.problem(`the index of %${result.name} = workgroup_load differs between invocations`);
        if (expression.kind === "load" || expression.kind === "workgroup_load") {
          if (!this.known.has(expression.buffer)) this.problem(`${expression.buffer.name} is not a buffer of it`);
          if (expression.buffer.access === "write") this.problem(`${expression.buffer.name} is read, but is \`write\``);
        }
        this.shift(expression);
        if (expression.kind === "constant") this.literals.set(result, expression.value);
        this.define(result);
        return [result];
      }
      case "for":
        return this.loop(statement, uniform);
      case "if":
        return this.branch(statement, uniform);
      default:
        return assertNever(statement, "kernel statement");
    }
  }

  /** WGSL refuses a literal shift beyond the word, other targets take it modulo 32: no kernel has one. */
  private shift(expression: Expression): void {
    if (expression.kind !== "binary" || (expression.op !== "shl" && expression.op !== "shr")) return;
    const by = this.literals.get(expression.y);
    if (by !== undefined && (by < 0 || by > 31)) this.problem(`a shift by ${by} bits`);
  }

  private store({ buffer, index, value }: Extract<Statement, { kind: "store" }>): void {
    this.use(index, `a store to ${buffer.name}`);
    this.use(value, `a store to ${buffer.name}`);
    if (!this.known.has(buffer)) this.problem(`${buffer.name} is not a buffer of it`);
    if (buffer.access === "read") this.problem(`${buffer.name} is written, but is \`read\``);
    if (!sameKType(index.type, I32)) this.problem(`an index of ${buffer.name} is ${ktypeText(index.type)}`);
    if (!sameKType(value.type, loadType(buffer)))
      this.problem(`${ktypeText(value.type)} is stored in ${buffer.name} of ${ktypeText(loadType(buffer))}`);
  }

  private loop(statement: Extract<Statement, { kind: "for" }>, uniform: boolean): readonly KValue[] {
    const { from, to, step, index, carried, yields } = statement;
    for (const bound of [from, to, step]) {
      this.use(bound, "a loop");
      if (!sameKType(bound.type, I32)) this.problem(`a bound of loop %${index.name} is ${ktypeText(bound.type)}`);
    }
    const steady = [from, to, step].every((bound) => !this.varying.has(bound));
    if (containsCollective(statement.body) && !steady)
      this.problem(`loop %${index.name} contains a barrier, but its bounds differ between invocations`);
    carried.forEach(({ init }) => this.use(init, "a loop"));
    if (yields.length !== carried.length)
      this.problem(`loop %${index.name} carries ${carried.length} values and yields ${yields.length}`);
    const inner = [index, ...carried.map(({ arg }) => arg)];
    inner.forEach((value) => this.define(value));
    this.body(statement.body, uniform && steady, yields);
    inner.forEach((value) => this.defined.delete(value));
    carried.forEach(({ arg, init, result }, i) => {
      const types = [arg, init, result, yields[i] ?? arg].map(({ type }) => ktypeText(type));
      if (new Set(types).size > 1) this.problem(`loop %${index.name} carries ${types.join(", ")} as one value`);
      this.define(result);
    });
    return carried.map(({ result }) => result);
  }

  private branch(statement: Extract<Statement, { kind: "if" }>, uniform: boolean): readonly KValue[] {
    const { condition, body, yields, otherwiseYields, results } = statement;
    this.use(condition, "a branch");
    if (ktypeText(condition.type) !== "bool") this.problem(`a condition is ${ktypeText(condition.type)}`);
    const steady = uniform && !this.varying.has(condition);
    this.body(body, steady, yields);
    this.body(statement.otherwise, steady, otherwiseYields);
    if (yields.length !== results.length || otherwiseYields.length !== results.length)
      this.problem(`a branch has ${results.length} results, and yields ${yields.length} and ${otherwiseYields.length}`);
    results.forEach((result, i) => {
      const types = [result, yields[i] ?? result, otherwiseYields[i] ?? result].map(({ type }) => ktypeText(type));
      if (new Set(types).size > 1) this.problem(`a branch yields ${types.join(", ")} as one value`);
      this.define(result);
    });
    return results;
  }
}
