/**
 * Clusters in an order in which they can run: producers first, and whoever writes the next value of state after all
 * who read the old one, because the two are one buffer. Among those that can run, program order decides.
 */
import type { Value } from "../../../src/ir/ir.ts";
import { InternalError } from "../../../src/support/errors.ts";
import type { Cluster, Clusters } from "./clusters.ts";
import { usedBy } from "./clusters.ts";

/** `states`: next values of state and the arguments they replace. */
export function ordered(clusters: Clusters, states: ReadonlyMap<Value, Value>): readonly Cluster[] {
  const all = clusters.all();
  const waits = new Map(all.map((cluster) => [cluster, new Set(clusters.before(cluster))]));
  for (const [after, before] of states) {
    const producer = clusters.producerOf(after);
    if (producer === undefined) continue;
    const writer = clusters.of(producer);
    const views = viewsOf(before, clusters);
    for (const reader of all) {
      const isReader = reader !== writer && reader.ops.some((op) => usedBy(op).some((used) => views.has(used)));
      if (isReader && !isBehind(reader, writer, waits)) waits.get(writer)?.add(reader);
    }
  }
  const done = new Set<Cluster>();
  const result: Cluster[] = [];
  while (result.length < all.length) {
    const next = all.find(
      (cluster) => !done.has(cluster) && [...(waits.get(cluster) ?? [])].every((other) => done.has(other)),
    );
    if (next === undefined) throw new InternalError("the clusters wait for each other in a circle");
    done.add(next);
    result.push(next);
  }
  return result;
}

/** The value and its reshapes: the same bytes, so whoever reads a reshape reads the state. */
function viewsOf(state: Value, clusters: Clusters): ReadonlySet<Value> {
  const views = new Set([state]);
  for (const op of clusters.block.ops) {
    const [operand] = op.operands;
    if (op.name !== "reshape" || !operand || !views.has(operand)) continue;
    for (const made of op.results) views.add(made);
  }
  return views;
}

/** Whether `later` has to wait for `earlier` already. */
function isBehind(later: Cluster, earlier: Cluster, waits: ReadonlyMap<Cluster, ReadonlySet<Cluster>>): boolean {
  const seen = new Set<Cluster>();
  const visit = (cluster: Cluster): boolean => {
    if (cluster === earlier) return true;
    if (seen.has(cluster)) return false;
    seen.add(cluster);
    return [...(waits.get(cluster) ?? [])].some(visit);
  };
  return visit(later);
}
