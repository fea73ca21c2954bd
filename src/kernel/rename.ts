/** A copy of a kernel in which every value is a new one: with another name hint, or substituted, body by body. */
import { assertNever } from "../support/errors.ts";
import type { KValue, Kernel, Statement } from "./ir.ts";
import { mapOperands } from "./walk.ts";

/** The kernel with new names for the values that statements make; scalars keep theirs. */
export function renameValues(kernel: Kernel, rename: (value: KValue) => string): Kernel {
  const copier = new Copier(rename);
  return { ...kernel, body: copier.body(kernel.body) };
}

/** Copies statements; every value they make is new, so that a body may stand more than once. */
export class Copier {
  private readonly values = new Map<KValue, KValue>();

  constructor(private readonly rename: (value: KValue) => string = (value) => value.name) {}

  /** Uses of `from` become uses of `to`. */
  substitute(from: KValue, to: KValue): this {
    this.values.set(from, to);
    return this;
  }

  use = (value: KValue): KValue => this.values.get(value) ?? value;

  define(value: KValue): KValue {
    const made = { type: value.type, name: this.rename(value) };
    this.values.set(value, made);
    return made;
  }

  body(statements: readonly Statement[]): readonly Statement[] {
    return statements.map((statement) => this.statement(statement));
  }

  statement(statement: Statement): Statement {
    return this.shallow(statement, (body) => this.body(body));
  }

  /** Copies a statement, and its bodies by `copyBody`. */
  shallow(statement: Statement, copyBody: (body: readonly Statement[]) => readonly Statement[]): Statement {
    switch (statement.kind) {
      case "let": {
        const expression = mapOperands(statement.expression, this.use);
        return { ...statement, expression, result: this.define(statement.result) };
      }
      case "store":
        return { ...statement, index: this.use(statement.index), value: this.use(statement.value) };
      case "barrier":
        return statement;
      case "for": {
        const [from, to, step] = [this.use(statement.from), this.use(statement.to), this.use(statement.step)];
        const inits = statement.carried.map(({ init }) => this.use(init));
        const index = this.define(statement.index);
        const args = statement.carried.map(({ arg }) => this.define(arg));
        const body = copyBody(statement.body);
        const yields = statement.yields.map(this.use);
        const carried = statement.carried.map(({ arg, init, result }, i) => ({
          arg: args[i] ?? arg,
          init: inits[i] ?? init,
          result: this.define(result),
        }));
        return { ...statement, index, from, to, step, carried, body, yields };
      }
      case "if": {
        const condition = this.use(statement.condition);
        const body = copyBody(statement.body);
        const yields = statement.yields.map(this.use);
        const otherwise = copyBody(statement.otherwise);
        const otherwiseYields = statement.otherwiseYields.map(this.use);
        const results = statement.results.map((result) => this.define(result));
        return { ...statement, condition, body, yields, otherwise, otherwiseYields, results };
      }
      default:
        return assertNever(statement, "kernel statement");
    }
  }
}
