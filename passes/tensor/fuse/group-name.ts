/**
 * The name of a group, which becomes the kernel's: what a reader of a timeline wants to know first. Weights say most
 * (`q_proj`), then composites that the ops come from and ops that are more than arithmetic (`rms_norm`, `rope`,
 * `gate_proj_up_proj_silu`), then the hints of the results. A name decides nothing.
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import type { Candidate } from "./candidate.ts";
import { roleOf } from "./roles.ts";

/** Parts of a name; more would not help a reader. */
const MAX_PARTS = 4;

/** Arithmetic that every kernel holds. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["cast", "add", "sub", "mul", "div", "neg", "select", "not", "and", "or"],
  ...["eq", "ne", "lt", "le", "gt", "ge"],
]);

export function groupName(candidate: Candidate, table: OpTable): string {
  const words = candidate.ops.flatMap((op) => telling(op, candidate, table)).filter((word) => word !== "");
  if (words.length > 0) return joined(words);
  const hints = candidate.yields.map(({ name }) => name).filter(isWord);
  if (hints.length > 0) return joined(hints);
  const points = candidate.ops.filter((op) => roleOf(op, table) === "point").map((op) => op.name);
  return joined(points.length > 0 ? points : candidate.ops.map((op) => op.name));
}

/** The words of one op: none for arithmetic and moves. */
function telling(op: Op, candidate: Candidate, table: OpTable): readonly string[] {
  const role = roleOf(op, table);
  if (role === "matmul") return [weightName(op.operands[1], candidate), ...longHint(op, candidate)];
  const origin = op.results[0]?.name ?? "";
  if (origin !== op.name && hasTrait(table.get(origin), "composite")) return [origin];
  if (role === "gather") return ["take", /^(.*)_weight$/.exec(op.operands[0]?.name ?? "")?.[1] ?? ""];
  return role === "leaf" || role === "move" || PLAIN.has(op.name) ? [] : [op.name];
}

/** What the source calls a product that leaves the kernel as it is; one letter says nothing. */
function longHint(op: Op, { yields }: Candidate): readonly string[] {
  return op.results.filter((made) => yields.includes(made) && made.name.length > 1 && isWord(made.name)).map(({ name }) => name); // prettier-ignore
}

/** The hint of a product's right operand, seen through moves and casts; "matmul" where it has none. */
function weightName(used: Value | null | undefined, candidate: Candidate): string {
  const producer = (made: Value | null | undefined): Op | undefined =>
    candidate.ops.find((op) => op.results.some((result) => result === made));
  let current = used;
  for (let op = producer(current); op !== undefined; op = producer(current)) current = op.operands[0];
  const name = current?.name.replace(/_weight$/, "") ?? "";
  return isWord(name) ? name : "matmul";
}

function isWord(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

function joined(words: readonly string[]): string {
  return [...new Set(words)].slice(0, MAX_PARTS).join("_");
}
