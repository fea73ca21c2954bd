/** What to write instead of an op of `forward` that mixes positions, where the language has a form that generation can continue. */
import type { Op } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { tokenAxes } from "./positions.ts";

/** The help of the diagnostic; undefined for the usual one. `mixing` has said why the op is refused. */
export function wayOut(op: Op, ops: OpTable): string | undefined {
  const isWide = [...op.operands, ...op.results].some((value) => value !== null && tokenAxes(value.type).length > 1);
  const def = ops.get(op.name);
  if (isWide && hasTrait(def, "contract")) return "let tokens meet in `attention(q, k, v, mask: causal)`, which keeps keys and values, or build with `--entries forward`"; // prettier-ignore
  if (isWide) return "look up what depends on distances by `relative_buckets(T, T, ...)` and let tokens meet in a causal `attention` only, or build with `--entries forward`"; // prettier-ignore
  if (SHIFTS.has(op.name)) return "earlier tokens are read by a causal `conv1d`, or kept by `scan(before: ...) over T with x { return (x, before) }`, or build with `--entries forward`"; // prettier-ignore
  if (op.name === "cumsum" || hasTrait(def, "reduce")) return "what is known up to a token is the state of a `scan(sum: ...) over T with x { return (sum + x, sum + x) }`, or build with `--entries forward`"; // prettier-ignore
  return undefined;
}

/** Ops that take a token's neighbours to its place. */
const SHIFTS: ReadonlySet<string> = new Set(["pad", "slice", "concat"]);
