/**
 * Names for the values that a kernel leaves unnamed, from what they are and what reads them: `index`, `sum`, `is_below`.
 * Hints only: a `NameTable` makes them different. Nothing depends on them but readers of emitted code.
 */
import type { BinaryOp, Expression, KValue, Statement, UnaryOp } from "../src/kernel/ir.ts";
import { walkStatements } from "../src/kernel/walk.ts";

/** The hint for each value of `body` whose own name says less. */
export function readableNames(body: readonly Statement[]): ReadonlyMap<KValue, string> {
  const names = new Map<KValue, string>();
  const made = new Map<KValue, Expression>();
  walkStatements(body, (statement) => {
    if (statement.kind === "let") made.set(statement.result, statement.expression);
  });
  const give = (value: KValue, name: string): void => {
    if (value.name === "" && !names.has(value)) names.set(value, name);
  };
  walkStatements(body, (statement) => {
    if (statement.kind === "store" && made.has(statement.index)) give(statement.index, "index");
    if (statement.kind === "let" && statement.expression.kind === "load") {
      const { buffer, index } = statement.expression;
      give(index, "index");
      // A load is called like its buffer, and both stand in the same text.
      if (statement.result.name === buffer.name || statement.result.name === "")
        names.set(statement.result, `${buffer.name}_value`);
    }
    if (statement.kind === "for") {
      give(statement.index, "i");
      statement.carried.forEach(({ arg, result }, i) => {
        const next = statement.yields[i] ?? arg;
        const name = carriedName(made.get(next));
        give(arg, name);
        give(result, name);
        if (next !== arg) give(next, `next_${arg.name === "" ? name : arg.name}`);
      });
    }
    if (statement.kind === "if") for (const result of statement.results) give(result, "result");
  });
  for (const [value, expression] of made) give(value, nameOf(expression, value, made));
  return names;
}

/** What a loop gathers, from the expression of its next value. */
function carriedName(next: Expression | undefined): string {
  if (next?.kind === "fma") return "sum";
  if (next?.kind === "select") return "found";
  if (next?.kind !== "binary") return "carried";
  return next.op === "add" ? "sum" : next.op === "max" ? "largest" : next.op === "min" ? "smallest" : "carried";
}

const UNARY: Readonly<Record<UnaryOp, string>> = {
  neg: "negated", abs: "magnitude", floor: "whole", not: "inverted", exp: "exponential", log: "logarithm", sin: "sine",
  cos: "cosine", tanh: "tangent", erf: "error_function", sqrt: "root", rsqrt: "inverse_root",
  round_f16: "rounded", round_bf16: "rounded",
}; // prettier-ignore

const BINARY: Readonly<Record<BinaryOp, string>> = {
  add: "sum", sub: "difference", mul: "product", div: "quotient", rem: "remainder", min: "smaller", max: "larger",
  pow: "power", and: "both", or: "either", xor: "mixed", shl: "shifted", shr: "shifted", dot: "dot_product",
  eq: "is_equal", ne: "is_different", lt: "is_below", le: "is_at_most", gt: "is_above", ge: "is_at_least",
}; // prettier-ignore

function nameOf(expression: Expression, value: KValue, made: ReadonlyMap<KValue, Expression>): string {
  switch (expression.kind) {
    case "builtin":
      return expression.name;
    case "unary":
      return UNARY[expression.op];
    case "binary": {
      const { op, x, y } = expression;
      if (value.type.scalar === "i32" && op === "add" && (isLocal(made.get(x)) || isLocal(made.get(y))))
        return "invocation";
      if (value.type.scalar === "i32" && op === "mul") return "offset";
      if (value.type.scalar === "i32" && op === "add") return "position";
      return BINARY[op];
    }
    case "fma":
      return "sum";
    case "select":
      return "chosen";
    case "cast":
      return `as_${value.type.scalar}`;
    case "bitcast":
      return value.type.scalar === "u32" ? "bits" : "decoded";
    case "vector":
      return "vector";
    case "extract":
      return "lane";
    case "intrinsic":
      return expression.name === "unpack2x16float" ? "halves" : "result";
    case "workgroup_load":
    case "workgroup_reduce":
    case "workgroup_broadcast":
    case "subgroup_reduce":
      return "total";
    default:
      return value.name;
  }
}

function isLocal(expression: Expression | undefined): boolean {
  return expression?.kind === "builtin" && expression.name.startsWith("local_");
}
