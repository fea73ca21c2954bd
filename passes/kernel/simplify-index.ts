/**
 * Integer index algebra and its clean-up, without changing what a kernel computes: literals are folded, equal
 * expressions of a scope are computed once, arithmetic that a loop does not change moves out of it, and values that
 * nobody reads go. Only pure i32, u32 and bool arithmetic moves or is shared with outer scopes; loads and floats stay
 * where they are, so that evaluation counts of what may fail or round do not change.
 */
import type { Expression, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { foldInteger } from "../../src/kernel/fold-integer.ts";
import { Copier } from "../../src/kernel/rename.ts";
import { operandsOf } from "../../src/kernel/walk.ts";
import type { Program } from "../../src/plan/ir.ts";
import type { Pass } from "../manager/pass.ts";
import { foldByRange, rangeOf } from "./index-range.ts";
import type { Range } from "./index-range.ts";
import { removeDead } from "./remove-dead.ts";

export function simplifyKernel(kernel: Kernel): Kernel {
  return removeDead(new Simplifier(kernel).run());
}

interface Scope {
  readonly statements: Statement[];
  /** What is computed in this scope, by a text that says how. */
  readonly known: Map<string, KValue>;
}

class Simplifier {
  private readonly copier = new Copier();
  private readonly literals = new Map<KValue, number>();
  private readonly ranges = new Map<KValue, Range>();
  private readonly made = new Map<KValue, Expression>();
  /** How many loops and branches are around the definition of a value. */
  private readonly depths = new Map<KValue, number>();
  private readonly ids = new Map<KValue, number>();
  private readonly scopes: Scope[] = [];

  constructor(private readonly kernel: Kernel) {}

  run(): Kernel {
    this.kernel.scalarValues.forEach((value) => this.define(value, 0));
    return { ...this.kernel, body: this.body(this.kernel.body) };
  }

  private body(statements: readonly Statement[]): readonly Statement[] {
    const scope: Scope = { statements: [], known: new Map() };
    this.scopes.push(scope);
    for (const statement of statements) this.statement(statement, scope);
    this.scopes.pop();
    return scope.statements;
  }

  private statement(statement: Statement, scope: Scope): void {
    if (statement.kind === "for") {
      const [from, to] = [this.copier.use(statement.from), this.copier.use(statement.to)].map((value) =>
        this.range(value),
      );
      // The copy defines the index only after its bounds are read; its range is known before the body is.
      const copied = this.copier.shallow(statement, (body) => {
        const index = this.copier.use(statement.index);
        const upTo = to?.high === undefined ? undefined : to.high - 1;
        this.ranges.set(index, { low: from?.low, high: upTo });
        this.define(index, this.scopes.length);
        statement.carried.forEach(({ arg }) => this.define(this.copier.use(arg), this.scopes.length));
        return this.body(body);
      });
      scope.statements.push(copied);
      statement.carried.forEach(({ result }) => this.define(this.copier.use(result), this.scopes.length - 1));
      return;
    }
    const copied = this.copier.shallow(statement, (body) => this.body(body));
    if (copied.kind === "if") copied.results.forEach((result) => this.define(result, this.scopes.length - 1));
    if (copied.kind === "let" && statement.kind === "let") this.let(copied, statement.result);
    else scope.statements.push(copied);
  }

  private let(statement: Extract<Statement, { kind: "let" }>, original: KValue): void {
    const simpler = this.simpler(statement.expression, statement.result);
    if (simpler !== undefined && typeof simpler !== "number") {
      this.copier.substitute(original, simpler);
      return;
    }
    const expression: Expression =
      typeof simpler === "number" ? { kind: "constant", value: simpler } : statement.expression;
    const depth = this.home(expression, statement.result);
    const key = isMovable(expression, statement.result) ? this.key(expression, statement.result) : undefined;
    const known = key === undefined ? undefined : this.find(key);
    if (known !== undefined) {
      this.copier.substitute(original, known);
      return;
    }
    const scope = this.scopes[depth];
    scope?.statements.push({ ...statement, expression });
    if (key !== undefined) scope?.known.set(key, statement.result);
    this.define(statement.result, depth);
    this.made.set(statement.result, expression);
    const range = rangeOf(expression, this.kernel, (value) => this.range(value));
    if (range !== undefined) this.ranges.set(statement.result, range);
    if (expression.kind === "constant") this.literals.set(statement.result, expression.value);
  }

  /** The literal or the value that this expression of integers equals. */
  private simpler(expression: Expression, result: KValue): number | KValue | undefined {
    if (expression.kind === "cast" && result.type.scalar === "f32" && result.type.lanes === 1)
      return this.exactFloat(expression.x);
    if (result.type.scalar !== "i32" || result.type.lanes !== 1) return undefined;
    if (expression.kind === "builtin") {
      const axis = ["local_x", "local_y", "local_z"].indexOf(expression.name);
      return axis >= 0 && this.kernel.workgroup[axis] === 1 ? 0 : undefined;
    }
    if (expression.kind !== "binary") return undefined;
    const { op, x, y } = expression;
    const literal = (value: KValue): { value: KValue; literal: number | undefined } => ({
      value,
      literal: this.literals.get(value),
    });
    return (
      foldInteger(op, literal(x), literal(y)) ??
      foldByRange(expression, {
        literal: (value) => this.literals.get(value),
        range: (value) => this.range(value),
        made: (value) => this.made.get(value),
      })
    );
  }

  /** The number that an integer literal is in f32, where that is exact. */
  private exactFloat(x: KValue): number | undefined {
    const literal = x.type.scalar === "f32" ? undefined : this.literals.get(x);
    return literal !== undefined && Math.abs(literal) <= 2 ** 24 ? literal : undefined;
  }

  /** The outermost scope in which everything that the expression reads is known; its own if it may not move. */
  private home(expression: Expression, result: KValue): number {
    if (!isMovable(expression, result)) return this.scopes.length - 1;
    return Math.max(0, ...operandsOf(expression).map((value) => this.depths.get(value) ?? this.scopes.length - 1));
  }

  private key(expression: Expression, result: KValue): string {
    const operands = operandsOf(expression).map((value) => this.ids.get(value) ?? -1);
    const { scalar, lanes } = result.type;
    const head = expression.kind === "unary" || expression.kind === "binary" ? expression.op : expression.kind;
    const detail =
      expression.kind === "constant" ? (Object.is(expression.value, -0) ? "-0" : `${expression.value}`)
      : expression.kind === "builtin" ? expression.name
      : expression.kind === "extract" ? `${expression.lane}`
      : ""; // prettier-ignore
    return `${head} ${detail} ${operands.join(",")} ${scalar}x${lanes}`;
  }

  private find(key: string): KValue | undefined {
    for (const scope of this.scopes) {
      const value = scope.known.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  private define(value: KValue, depth: number): void {
    this.depths.set(value, depth);
    this.ids.set(value, this.ids.size);
  }

  private range(value: KValue): Range | undefined {
    return this.ranges.get(value);
  }
}

/** Pure arithmetic without floats, and literals and built-ins of any type. */
function isMovable(expression: Expression, result: KValue): boolean {
  switch (expression.kind) {
    case "constant":
    case "builtin":
      return true;
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "extract":
      return [result, ...operandsOf(expression)].every(({ type }) => type.scalar !== "f32" && type.scalar !== "f16");
    default:
      return false;
  }
}

export const simplifyIndex: Pass<Program> = {
  name: "simplify-index",
  summary: "folds index arithmetic, computes equal indices once, moves them out of loops, drops what nobody reads",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: false,
  run: (ir) => ({ ir: { ...ir, kernels: ir.kernels.map(simplifyKernel) }, diagnostics: [] }),
};
