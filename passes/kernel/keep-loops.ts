/**
 * Hides the literal bounds of loops from compilers that would write the loops out. Mesa unrolls every loop of up to 32
 * iterations with a known count, and LLVM then takes seconds for what runs no faster. `to` becomes
 * `to + min(workgroup_x, 0)`: the same number, since a workgroup's number is never negative, but not a literal. It runs
 * after every pass that reads bounds, because they would no longer find them.
 */
import type { KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { I32 } from "../../src/kernel/ir.ts";
import { Copier } from "../../src/kernel/rename.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import type { Program } from "../../src/plan/ir.ts";
import type { Pass } from "../manager/pass.ts";
import { Sequence } from "./sequence.ts";

/** The kernel with hidden bounds of all loops of more than `most` iterations that are not marked `unroll`. */
export function keepKernelLoops(kernel: Kernel, most: number): Kernel {
  const literals = new Map<KValue, number>();
  const counts = new Set<number>();
  walkStatements(kernel.body, (statement) => {
    if (statement.kind === "let" && statement.expression.kind === "constant")
      literals.set(statement.result, statement.expression.value);
    const to = hiddenBound(statement, literals, most);
    if (to !== undefined) counts.add(to);
  });
  if (counts.size === 0) return kernel;
  const head = new Sequence();
  const isWorkgroup = (statement: Statement): boolean =>
    statement.kind === "let" && statement.expression.kind === "builtin" && statement.expression.name === "workgroup_x";
  const known = kernel.body.find(isWorkgroup);
  const workgroup =
    known?.kind === "let" ? known.result : head.emit({ kind: "builtin", name: "workgroup_x" }, I32, "workgroup_x");
  const zero = head.binary("min", workgroup, 0, "zero");
  const bounds = new Map([...counts].map((to) => [to, head.binary("add", head.literal(to), zero, "bound")]));
  const copier = new Copier();
  const visit = (body: readonly Statement[]): readonly Statement[] =>
    body.map((statement) => {
      const copied = copier.shallow(statement, visit);
      const to = bounds.get(hiddenBound(statement, literals, most) ?? NaN);
      return copied.kind === "for" && to !== undefined ? { ...copied, to } : copied;
    });
  // A built-in reads nothing, so it may stand first.
  const first = known === undefined ? [] : [known];
  const rest = kernel.body.filter((statement) => statement !== known);
  return { ...kernel, body: [...first, ...head.statements, ...visit(rest)] };
}

/** The literal bound of a loop that is to be kept. */
function hiddenBound(statement: Statement, literals: ReadonlyMap<KValue, number>, most: number): number | undefined {
  if (statement.kind !== "for" || statement.unroll) return undefined;
  const [from, to, step] = [statement.from, statement.to, statement.step].map((value) => literals.get(value));
  if (to === undefined || step === undefined) return undefined;
  return (to - (from ?? 0)) / step > most ? to : undefined;
}

export const keepLoops: Pass<Program> = {
  name: "keep-loops",
  summary: "hides literal bounds from device compilers that unroll too much",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: false,
  run: (ir, { info }) => {
    const { mostUnrolled } = info;
    if (mostUnrolled === undefined) return { ir, diagnostics: [] };
    return {
      ir: { ...ir, kernels: ir.kernels.map((kernel) => keepKernelLoops(kernel, mostUnrolled)) },
      diagnostics: [],
    };
  },
};
