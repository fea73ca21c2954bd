/**
 * Writes out the loops that are marked `unroll`: the body once per iteration, the index a literal, integer arithmetic on
 * literals folded. Every code generator does this first; the IR itself keeps the loop, because it is shorter to read.
 */
import { InternalError } from "../support/errors.ts";
import { foldLiterals } from "./fold-integer.ts";
import type { ForStatement, KValue, Kernel, Statement } from "./ir.ts";
import { Copier } from "./rename.ts";

/** The kernel without unrolled loops. Throws `InternalError` where the bounds of one are no literals. */
export function unrollLoops(kernel: Kernel): Kernel {
  return { ...kernel, body: new Unroller().body(kernel.body) };
}

class Unroller {
  private readonly literals = new Map<KValue, number>();
  private readonly copier = new Copier();

  body(statements: readonly Statement[]): readonly Statement[] {
    return statements.flatMap((statement) => this.statement(statement));
  }

  private statement(statement: Statement): readonly Statement[] {
    if (statement.kind === "for" && statement.unroll) return this.unroll(statement);
    const copied = this.copier.shallow(statement, (body) => this.body(body));
    if (copied.kind !== "let") return [copied];
    const folded = this.literalOf(copied);
    if (folded === undefined) return [copied];
    this.literals.set(copied.result, folded);
    return [{ ...copied, expression: { kind: "constant", value: folded } }];
  }

  private literalOf(statement: Extract<Statement, { kind: "let" }>): number | undefined {
    const { expression, result } = statement;
    if (result.type.scalar !== "i32" || result.type.lanes !== 1) return undefined;
    if (expression.kind === "constant") return expression.value;
    if (expression.kind !== "binary") return undefined;
    const [x, y] = [this.literals.get(expression.x), this.literals.get(expression.y)];
    return x === undefined || y === undefined ? undefined : foldLiterals(expression.op, x, y);
  }

  private bound(value: KValue): number {
    const literal = this.literals.get(this.copier.use(value));
    if (literal === undefined) throw new InternalError(`a bound of an unrolled loop, %${value.name}, is no literal`);
    return literal;
  }

  private unroll(statement: ForStatement): readonly Statement[] {
    const [from, to, step] = [this.bound(statement.from), this.bound(statement.to), this.bound(statement.step)];
    if (step <= 0) throw new InternalError(`an unrolled loop has step ${step}`);
    const written: Statement[] = [];
    let carried = statement.carried.map(({ init }) => this.copier.use(init));
    for (let i = from; i < to; i += step) {
      const index: KValue = { type: statement.index.type, name: statement.index.name };
      written.push({ kind: "let", result: index, expression: { kind: "constant", value: i } });
      this.literals.set(index, i);
      this.copier.substitute(statement.index, index);
      statement.carried.forEach(({ arg }, at) => this.copier.substitute(arg, carried[at] ?? arg));
      written.push(...this.body(statement.body));
      carried = statement.yields.map(this.copier.use);
    }
    statement.carried.forEach(({ result }, at) => this.copier.substitute(result, carried[at] ?? result));
    return written;
  }
}
