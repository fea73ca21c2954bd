/** Written types to types of the IR: element types by name, sizes by their expressions, with the limits on both. */
import type { Expr, Name, TypeExpr } from "../../grammar/ast.ts";
import type { DType } from "../ir/type.ts";
import { DTYPES } from "../ir/type.ts";
import { largestSuspect } from "./blame.ts";
import type { IntEntity, ParameterEntity } from "./entity.ts";
import { float, kindText } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { arithmeticNote, reportAtOrigin } from "./explain.ts";
import { foreignElement } from "./foreign-names.ts";
import { didYouMean } from "./report.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { SIZE_HELP, isSize, productOf } from "./size.ts";

/** What `f` stands for in computations. */
export const COMPUTE: DType = "f32";

/** The element type of a written type; `f` stays `f`, because a parameter may be stored otherwise. */
export function elementType(context: Context, name: Name): DType | "f" | undefined {
  if (name.text === "f") return "f";
  const found = DTYPES.find((dtype) => dtype === name.text);
  if (found === undefined)
    report(context, "LLM0213", `there is no element type \`${name.text}\``, name.span, {
      help: `element types are f, ${DTYPES.join(", ")}`,
      ...didYouMean(name.text, ["f", ...DTYPES]),
      ...foreignElement(name.text),
    });
  return found;
}

export function computeType(element: DType | "f"): DType {
  return element === "f" ? COMPUTE : element;
}

/** An int, which may hold symbols; undefined after a report. */
export function evaluateInt(context: Context, expr: Expr): IntEntity | undefined {
  const entity = evaluate({ ...context, frame: undefined }, expr);
  if (entity.kind === "int") return entity;
  if (entity.kind !== "poison")
    report(context, "LLM0207", "a size is an int", expr.span, { label: `this is ${kindText(entity)}` });
  return undefined;
}

/** The size of an axis: an int of at least 1, below 2^31, or with symbols. */
export function evaluateSize(context: Context, expr: Expr): IntEntity | undefined {
  const entity = evaluateInt(context, expr);
  return entity && checkedSize(context, entity, expr);
}

/** The value of `expr` if it can be the size of an axis; undefined after a report. */
export function checkedSize(context: Context, entity: IntEntity, expr: Expr): IntEntity | undefined {
  const value = entity.dim.asNumber();
  if (value === undefined || isSize(value)) return entity;
  const note = arithmeticNote(expr, entity, context.scope);
  reportAtOrigin(context, "LLM0305", `${value} is no size`, entity, expr.span, {
    label: "is the size of an axis",
    notes: note === undefined ? [] : [note],
    help: value === -1 ? "write the size: none is inferred from the others" : SIZE_HELP,
  });
  return undefined;
}

/** What the declaration of a parameter says of every tensor that it stands for. */
type ParameterType = Pick<ParameterEntity, "dims" | "dtype" | "culprit">;

/** The type of a parameter: all sizes are numbers, and their product is exact. */
export function parameterType(context: Context, type: TypeExpr): ParameterType | undefined {
  const dtype = elementType(context, type.element);
  if (type.rest) {
    report(context, "LLM0207", "the sizes of a parameter are numbers", type.span, {
      label: "`...` stands for sizes of a call",
    });
    return undefined;
  }
  const sizes = type.dims.map((expr) => evaluateSize(context, expr));
  const dims: number[] = [];
  const known: IntEntity[] = [];
  for (const [index, size] of sizes.entries()) {
    if (size === undefined) return undefined;
    known.push(size);
    const value = size.dim.asNumber();
    if (value === undefined) {
      report(context, "LLM0214", "the sizes of a parameter are config values", type.dims[index]?.span ?? type.span, {
        label: `${size.dim} is known only when the model runs`,
      });
      return undefined;
    }
    dims.push(value);
  }
  if (dtype === undefined) return undefined;
  const culprit = largestSuspect(known.flatMap((size) => size.origins));
  const origins = culprit === undefined ? [] : [culprit];
  if (productOf(dims) === undefined) {
    reportAtOrigin(context, "LLM0307", `a parameter of ${dims.join(" * ")} elements`, float(NaN, origins), type.span, {
      label: "beyond 2^53 elements",
    });
    return undefined;
  }
  return { dims, dtype, ...(culprit === undefined ? {} : { culprit }) };
}
