/**
 * Turns a kernel's statements into closures over a frame of slots. A body without a meeting point (barrier, reduction
 * over the workgroup) is a plain function; one with such a point is a generator that stops there.
 */
import { InternalError, assertNever } from "../support/errors.ts";
import type { View } from "./interpret-memory.ts";
import { INTRINSICS } from "./intrinsics.ts";
import type { Datum } from "./intrinsics.ts";
import type { Builtin, Expression, KValue, Kernel, Statement } from "./ir.ts";
import { applyBinary, applyUnary, bitcastScalar, castScalar, wrap } from "./scalar.ts";
import { containsCollective, isCollective, operandsOf } from "./walk.ts";

export interface Invocation {
  readonly frame: Datum[];
  readonly memory: View;
  readonly builtins: Readonly<Record<Builtin, number>>;
}

/** An invocation waits at `statement` with the values of its operands. */
export interface Meeting {
  readonly statement: Statement;
  readonly args: readonly Datum[];
}

export type Thread = Generator<Meeting, void, Datum | undefined>;

export interface Compiled {
  readonly newFrame: (scalars: Readonly<Record<string, number>>) => Datum[];
  readonly run: (invocation: Invocation) => Thread;
}

type Plain = (at: Invocation) => void;
type Code = { readonly plain: Plain } | { readonly thread: (at: Invocation) => Thread };

export function compileBody(kernel: Kernel): Compiled {
  const compiler = new Compiler();
  const slots = kernel.scalarValues.map((value) => compiler.slot(value));
  const code = compiler.body(kernel.body);
  return {
    newFrame: (scalars) => {
      const frame: Datum[] = [];
      kernel.scalars.forEach(({ name }, i) => {
        const value = scalars[name];
        if (value === undefined) throw new InternalError(`kernel ${kernel.name}: no value for scalar ${name}`);
        frame[slots[i] ?? 0] = value;
      });
      return frame;
    },
    run: function* (invocation) {
      if ("plain" in code) code.plain(invocation);
      else yield* code.thread(invocation);
    },
  };
}

class Compiler {
  private readonly slots = new Map<KValue, number>();

  slot(value: KValue): number {
    const found = this.slots.get(value) ?? this.slots.size;
    this.slots.set(value, found);
    return found;
  }

  body(statements: readonly Statement[]): Code {
    const codes = statements.map((statement) => this.statement(statement));
    if (!containsCollective(statements)) {
      const plains = codes.flatMap((code) => ("plain" in code ? [code.plain] : []));
      return {
        plain: (at) => {
          for (const plain of plains) plain(at);
        },
      };
    }
    return {
      thread: function* (at) {
        for (const code of codes)
          if ("plain" in code) code.plain(at);
          else yield* code.thread(at);
      },
    };
  }

  private statement(statement: Statement): Code {
    if (isCollective(statement)) return this.meeting(statement);
    switch (statement.kind) {
      case "let": {
        const evaluate = this.expression(statement.expression, statement.result);
        const slot = this.slot(statement.result);
        return { plain: (at) => void (at.frame[slot] = evaluate(at)) };
      }
      case "store": {
        const [index, value] = [this.slot(statement.index), this.slot(statement.value)];
        const { buffer } = statement;
        return { plain: (at) => at.memory.store(buffer, at.frame[index] as number, at.frame[value] ?? 0) };
      }
      case "for":
        return this.loop(statement);
      case "if":
        return this.branch(statement);
      case "barrier":
        throw new InternalError("a barrier is a meeting point");
      default:
        return assertNever(statement, "kernel statement");
    }
  }

  private meeting(statement: Statement): Code {
    const operands = statement.kind === "let" ? operandsOf(statement.expression).map((x) => this.slot(x)) : [];
    const slot = statement.kind === "let" ? this.slot(statement.result) : undefined;
    if (statement.kind === "let" && statement.expression.kind === "workgroup_load") {
      const { expression, result } = statement;
      const load = this.expression({ ...expression, kind: "load" }, result);
      return {
        thread: function* (at) {
          yield { statement, args: [] };
          if (slot !== undefined) at.frame[slot] = load(at);
          yield { statement, args: [] };
        },
      };
    }
    return {
      thread: function* (at) {
        const value = yield { statement, args: operands.map((operand) => at.frame[operand] ?? 0) };
        if (slot !== undefined && value !== undefined) at.frame[slot] = value;
      },
    };
  }

  /** Copies all sources before it writes any target: carried values may be exchanged. */
  private move(sources: readonly KValue[], targets: readonly KValue[]): Plain {
    const from = sources.map((value) => this.slot(value));
    const to = targets.map((value) => this.slot(value));
    return (at) => {
      const values = from.map((slot) => at.frame[slot] ?? 0);
      to.forEach((slot, i) => (at.frame[slot] = values[i] ?? 0));
    };
  }

  private loop(statement: Extract<Statement, { kind: "for" }>): Code {
    const [index, from, to, step] = [statement.index, statement.from, statement.to, statement.step].map((value) =>
      this.slot(value),
    ) as [number, number, number, number];
    const args = statement.carried.map(({ arg }) => arg);
    const enter = this.move(
      statement.carried.map(({ init }) => init),
      args,
    );
    const body = this.body(statement.body);
    const again = this.move(statement.yields, args);
    const leave = this.move(
      args,
      statement.carried.map(({ result }) => result),
    );
    const number = (at: Invocation, slot: number): number => at.frame[slot] as number;
    if ("plain" in body)
      return {
        plain: (at) => {
          enter(at);
          for (let i = number(at, from); i < number(at, to); i += number(at, step)) {
            at.frame[index] = i;
            body.plain(at);
            again(at);
          }
          leave(at);
        },
      };
    return {
      thread: function* (at) {
        enter(at);
        for (let i = number(at, from); i < number(at, to); i += number(at, step)) {
          at.frame[index] = i;
          yield* body.thread(at);
          again(at);
        }
        leave(at);
      },
    };
  }

  private branch(statement: Extract<Statement, { kind: "if" }>): Code {
    const condition = this.slot(statement.condition);
    const then = this.body(statement.body);
    const thenMove = this.move(statement.yields, statement.results);
    const otherwise = this.body(statement.otherwise);
    const elseMove = this.move(statement.otherwiseYields, statement.results);
    if ("plain" in then && "plain" in otherwise)
      return {
        plain: (at) => {
          const taken = at.frame[condition] === 1;
          (taken ? then : otherwise).plain(at);
          (taken ? thenMove : elseMove)(at);
        },
      };
    return {
      thread: function* (at) {
        const taken = at.frame[condition] === 1;
        const code = taken ? then : otherwise;
        if ("plain" in code) code.plain(at);
        else yield* code.thread(at);
        (taken ? thenMove : elseMove)(at);
      },
    };
  }

  private expression(expression: Expression, result: KValue): (at: Invocation) => Datum {
    const slots = operandsOf(expression).map((value) => this.slot(value));
    const [a, b, c] = slots as [number, number, number];
    const { type } = result;
    switch (expression.kind) {
      case "constant": {
        const value = wrap(expression.value, type.scalar);
        const datum: Datum = type.lanes === 1 ? value : new Array<number>(type.lanes).fill(value);
        return () => datum;
      }
      case "builtin": {
        const { name } = expression;
        return (at) => at.builtins[name];
      }
      case "unary": {
        const { op } = expression;
        return (at) => lanewise((x) => applyUnary(op, x, type.scalar), at.frame[a]);
      }
      case "binary": {
        const { op } = expression;
        const { scalar } = expression.x.type;
        if (op === "dot")
          return (at) => {
            const y = at.frame[b] as readonly number[];
            const products = (at.frame[a] as readonly number[]).map((x, i) => applyBinary("mul", x, y[i] ?? 0, scalar));
            return products.reduce((sum, product) => applyBinary("add", sum, product, scalar));
          };
        return (at) => lanewise((x, y) => applyBinary(op, x, y, scalar), at.frame[a], at.frame[b]);
      }
      case "fma":
        return (at) => lanewise((x, y, z) => wrap(x * y + z, type.scalar), at.frame[a], at.frame[b], at.frame[c]);
      case "select":
        return (at) => {
          const condition = at.frame[a] ?? 0;
          if (typeof condition === "number") return at.frame[condition === 1 ? b : c] ?? 0;
          return lanewise((p, x, y) => (p === 1 ? x : y), condition, at.frame[b], at.frame[c]);
        };
      case "cast": {
        const from = expression.x.type.scalar;
        return (at) => lanewise((x) => castScalar(x, from, type.scalar), at.frame[a]);
      }
      case "bitcast": {
        const from = expression.x.type.scalar;
        return (at) => lanewise((x) => bitcastScalar(x, from, type.scalar), at.frame[a]);
      }
      case "vector":
        return (at) => Array.from({ length: type.lanes }, (_, i) => at.frame[slots[i] ?? a] as number);
      case "extract": {
        const { lane } = expression;
        return (at) => (at.frame[a] as readonly number[])[lane] ?? 0;
      }
      case "load": {
        const { buffer } = expression;
        return (at) => at.memory.load(buffer, at.frame[a] as number);
      }
      case "intrinsic": {
        const intrinsic = INTRINSICS.get(expression.name);
        if (intrinsic === undefined) throw new InternalError(`no intrinsic ${expression.name}`);
        return (at) => intrinsic.evaluate([slots.map((slot) => at.frame[slot] ?? 0)])[0] ?? 0;
      }
      case "workgroup_load":
      case "workgroup_reduce":
      case "workgroup_broadcast":
      case "subgroup_reduce":
        throw new InternalError(`${expression.kind} is a meeting point`);
      default:
        return assertNever(expression, "kernel expression");
    }
  }
}

/** Applies `f` to numbers, or to the lanes of vectors one by one. */
function lanewise(f: (x: number, y: number, z: number) => number, x: Datum = 0, y: Datum = 0, z: Datum = 0): Datum {
  if (typeof x === "number") return f(x, y as number, z as number);
  return x.map((value, lane) => f(value, lanesOf(y)[lane] ?? 0, lanesOf(z)[lane] ?? 0));
}

function lanesOf(x: Datum): readonly number[] {
  return typeof x === "number" ? [x] : x;
}
