/**
 * mixed-precision: under `compute = f16` the operands of products are rounded to f16, where the profile has it: a product
 * then is f16 times f16, which f32 holds exactly, summed in f32. The rounding is a `cast` there and one back, so the
 * meaning is in the text; fuse makes the first the last op of the kernel that computes the operand, which then lies in
 * memory in half the bytes, and `matmul.workgroup` keeps panels of such operands in f16. So are keys and values, and the
 * caches that hold them (`narrow-caches.ts`).
 *
 * In f32 stay the residual stream, norms, queries, softmax and everything else that is no such operand; and the
 * products that decide: those that a result of the function or the choice of an index (a sampled token, the experts of a
 * router) is made from without another product in between. A number beyond 65504 becomes infinite, as f16 has it.
 */
import type { Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { walk } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import type { DType } from "../../src/ir/type.ts";
import { definitionsOf } from "../../src/ir/uses.ts";
import type { Pass } from "../manager/pass.ts";
import { CastOnce } from "./cast-once.ts";
import { isProduct } from "./few-rows.ts";
import { mapFuncs } from "./map-funcs.ts";
import { narrowCaches } from "./narrow-caches.ts";
import { isNarrow } from "./narrow.ts";
import { opsInSteps } from "./scan-lanes.ts";

/** What operands of products are rounded to. */
export type ComputeType = "f32" | "f16";

export const COMPUTE_TYPES: readonly ComputeType[] = ["f32", "f16"];

export function mixedPrecision(compute: ComputeType): Pass<Module> {
  return {
    name: "mixed-precision",
    summary: "Rounds the operands of products to the type that the build computes in.",
    promise: "changes-precision",
    requires: [],
    establishes: [],
    destroys: [],
    required: false,
    run(module, { ops, info }) {
      if (compute === "f32" || !info.hasF16) return { ir: module, diagnostics: [] };
      return mapFuncs(narrowCaches(module, ops, compute), (func) => narrowFunc(func, ops, compute));
    },
  };
}

function narrowFunc(func: Func, ops: OpTable, compute: DType): Func {
  const producers = definitionsOf(func.body);
  const inSteps = opsInSteps(func);
  const deciding = decidingProducts(func, ops, producers);
  const casts = new CastOnce();
  return rewriteFunc(func, ops, (op, operands, b, rewriter) => {
    const rounds = op.name === "attention" || isProduct(op, ops);
    if (!rounds || inSteps.has(op) || deciding.has(op)) return undefined;
    const rounded = operands.map((operand, which) => {
      if (op.name === "attention" && which !== 1 && which !== 2) return operand;
      const isWide = operand?.type.dtype === "f32" && !isNarrow(op.operands[which], compute, producers, ops);
      return operand !== null && isWide ? casts.to(operand.type.dtype, casts.to(compute, operand, b), b) : operand;
    });
    return rewriter.copy(op, rounded, b);
  });
}

/** The products behind which there is no other one on a way to a result, or to an op that makes integers of floats. */
function decidingProducts(func: Func, ops: OpTable, producers: ReadonlyMap<Value, Op>): ReadonlySet<Op> {
  const found = new Set<Op>();
  const seen = new Set<Value>();
  const visit = (value: Value | null | undefined): void => {
    const op = value ? producers.get(value) : undefined;
    if (!value || op === undefined || seen.has(value)) return;
    seen.add(value);
    if (isProduct(op, ops)) found.add(op);
    else if (op.regions.length === 0) op.operands.forEach(visit);
  };
  func.results.forEach(({ into }, i) => into === undefined && visit(func.body.yields[i]));
  walk(func.body, (op) => {
    const chooses = op.results.every(({ type }) => type.dtype === "i32") && !hasTrait(ops.get(op.name), "elementwise");
    if (chooses && op.regions.length === 0) op.operands.forEach((operand) => operand?.type.dtype === "f32" && visit(operand)); // prettier-ignore
  });
  return found;
}
