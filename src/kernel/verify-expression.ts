/** The typing rules of kernel expressions, one sentence for what is wrong. */
import { assertNever } from "../support/errors.ts";
import { INTRINSICS } from "./intrinsics.ts";
import { BOOL, I32, loadType, sameKType } from "./ir.ts";
import type { BinaryOp, Expression, KType, UnaryOp } from "./ir.ts";
import { ktypeText } from "./names.ts";
import { COMPARISONS } from "./vocabulary.ts";

const BITS: readonly BinaryOp[] = ["and", "or", "xor", "shl", "shr"];
const ANY_NUMBER: readonly UnaryOp[] = ["neg", "abs"];

/** What is wrong with an expression of this result type, or undefined. */
export function expressionProblem(
  expression: Expression,
  type: KType,
  requires: readonly string[],
): string | undefined {
  const gives = (wanted: KType): string | undefined =>
    sameKType(type, wanted) ? undefined : `its type is ${ktypeText(type)}, not ${ktypeText(wanted)}`;
  switch (expression.kind) {
    case "constant":
      return type.scalar === "i32" || type.scalar === "u32"
        ? Number.isInteger(expression.value) ? undefined : `${expression.value} is no integer` // prettier-ignore
        : undefined;
    case "builtin":
      return gives(I32);
    case "unary": {
      const { op, x } = expression;
      if (op === "not") return isFloat(x.type) ? "not of a float" : gives(x.type);
      if (!isFloat(x.type) && !(ANY_NUMBER.includes(op) && x.type.scalar === "i32"))
        return `${op} of ${ktypeText(x.type)}`;
      return gives(x.type);
    }
    case "binary": {
      const { op, x, y } = expression;
      if (!sameKType(x.type, y.type)) return `${op} of ${ktypeText(x.type)} and ${ktypeText(y.type)}`;
      if (op === "dot") return x.type.lanes === 1 ? "dot of scalars" : gives({ scalar: x.type.scalar, lanes: 1 });
      if (COMPARISONS.includes(op)) return gives({ scalar: "bool", lanes: x.type.lanes });
      if (BITS.includes(op) ? isFloat(x.type) : x.type.scalar === "bool") return `${op} of ${ktypeText(x.type)}`;
      return gives(x.type);
    }
    case "fma":
      if (!isFloat(expression.x.type)) return `fma of ${ktypeText(expression.x.type)}`;
      return [expression.x, expression.y, expression.z]
        .map(({ type: own }) => gives(own))
        .find((text) => text !== undefined);
    case "select": {
      const { condition, x, y } = expression;
      if (condition.type.scalar !== "bool") return `a condition of type ${ktypeText(condition.type)}`;
      if (condition.type.lanes !== 1 && condition.type.lanes !== type.lanes) return "a condition of other lanes";
      return gives(x.type) ?? gives(y.type);
    }
    case "cast":
      return gives({ scalar: type.scalar, lanes: expression.x.type.lanes });
    case "bitcast":
      if (sameKType({ ...type, lanes: 1 }, BOOL) || expression.x.type.scalar === "bool") return "a bool has no bits";
      return gives({ scalar: type.scalar, lanes: expression.x.type.lanes });
    case "vector": {
      const { parts } = expression;
      if (parts.length !== 1 && parts.length !== type.lanes) return `${parts.length} parts for ${ktypeText(type)}`;
      const wrong = parts.find((part) => !sameKType(part.type, { scalar: type.scalar, lanes: 1 }));
      return wrong === undefined ? undefined : `a part of type ${ktypeText(wrong.type)}`;
    }
    case "extract":
      if (expression.lane < 0 || expression.lane >= expression.x.type.lanes) return `no lane ${expression.lane}`;
      return gives({ scalar: expression.x.type.scalar, lanes: 1 });
    case "workgroup_load":
      if (expression.buffer.space !== "workgroup") return `${expression.buffer.name} is no workgroup buffer`;
      return expressionProblem({ ...expression, kind: "load" }, type, requires);
    case "load":
      if (!sameKType(expression.index.type, I32)) return `an index of type ${ktypeText(expression.index.type)}`;
      return gives(loadType(expression.buffer));
    case "subgroup_reduce":
      if (!requires.includes("subgroups")) return "the kernel does not require subgroups";
      return gives(expression.x.type);
    case "workgroup_reduce":
    case "workgroup_broadcast":
      return gives(expression.x.type);
    case "intrinsic": {
      const known = INTRINSICS.get(expression.name);
      if (known === undefined) return `no intrinsic is called ${expression.name}`;
      const fits = known.params.length === expression.args.length;
      if (!fits || known.params.some((param, i) => !sameKType(param, expression.args[i]?.type ?? BOOL)))
        return `${expression.name} takes (${known.params.map(ktypeText).join(", ")})`;
      return gives(known.result);
    }
    default:
      return assertNever(expression, "kernel expression");
  }
}

function isFloat(type: KType): boolean {
  return type.scalar === "f32" || type.scalar === "f16";
}
