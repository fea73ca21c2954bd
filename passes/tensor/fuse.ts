/**
 * fuse: puts every op that computes into a `group`, the text of one kernel. Elementwise chains join their producers and
 * consumers, moves and casts disappear into index arithmetic, a row's reductions are one kernel with the points around
 * them, a product takes its epilogue along, attention and sampling stand alone. What is legal is in
 * `fuse/legal-group.ts`, what is worth it in `fuse/cost.ts`. Reshapes that only rename bytes stay outside. In trivial
 * mode each op is a group of one.
 */
import type { Block, Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { walk } from "../../src/ir/ir.ts";
import { removeDead } from "../../src/ir/remove-dead.ts";
import type { Pass, PassContext, Property } from "../manager/pass.ts";
import { Clusters, valuesOf } from "./fuse/clusters.ts";
import type { Tell } from "./fuse/decision.ts";
import { duplicateCheap } from "./fuse/duplicate-cheap.ts";
import { formGroup, peel } from "./fuse/form-group.ts";
import { groupKind } from "./fuse/legal-group.ts";
import { ordered } from "./fuse/order.ts";
import { roleOf } from "./fuse/roles.ts";
import { uniqueOperands } from "./fuse/unique-operands.ts";
import { decomposed } from "./decompose.ts";
import { mapFuncs } from "./map-funcs.ts";
import { mergeEqual } from "./merge-equal.ts";

/** Every op that computes stands in a group that is a legal kernel. */
export const grouped: Property<Module> = {
  name: "grouped",
  doc: "Outside of groups there are only parameters, load-time tables, large constants, loops and reshapes.",
  check(module, { ops }) {
    for (const func of module.funcs) {
      let found: string | undefined;
      walk(func.body, (op, parents) => {
        const isInGroup = parents.some((parent) => parent.name === "group" || parent.name === "scan");
        const [body] = op.regions;
        if (op.name === "group" && body !== undefined && groupKind(body, ops) !== op.attrs["kind"])
          found ??= `@${func.name}: the group ${String(op.attrs["name"])} is no kernel of its kind`;
        else if (!isInGroup && op.name !== "reshape" && roleOf(op, ops) !== "outside")
          found ??= `@${func.name}: \`${op.name}\` stands outside of groups`;
      });
      if (found !== undefined) return found;
    }
    return undefined;
  },
};

export const fuse: Pass<Module> = {
  name: "fuse",
  summary: "Decides which ops make one kernel.",
  promise: "bit-exact",
  requires: [decomposed],
  establishes: [grouped],
  destroys: [],
  required: true,
  run: (module, context) => mapFuncs(module, (func) => fuseFunc(func, context, true)),
  trivial: (module, context) => mapFuncs(module, (func) => fuseFunc(func, context, false)),
};

function fuseFunc(given: Func, context: PassContext, isMerging: boolean): Func {
  // An op without users would be a kernel without results.
  const func = removeDead(given, context.ops);
  const { decided } = context;
  const tell: Tell | undefined = decided && ((decision) => decided(func.name, decision));
  tell?.({ kind: "given", func: given });
  const body = fuseBlock(func.body, context, isMerging, statesOf(func), tell);
  // Copies of cheap ops that found no kernel become one again, and with them the operands that they made.
  const live = mergeEqual(removeDead({ ...func, body }, context.ops), context.ops);
  return removeDead(mergeEqual(uniqueOperands(live, context.ops), context.ops), context.ops);
}

/** Next values of state, and the arguments that they replace. */
function statesOf(func: Func): ReadonlyMap<Value, Value> {
  const states = new Map<Value, Value>();
  func.results.forEach((result, i) => {
    const before = func.args.find((arg) => arg.name === result.into)?.value;
    const after = func.body.yields[i];
    if (before !== undefined && after !== undefined) states.set(after, before);
  });
  return states;
}

function fuseBlock(
  block: Block,
  context: PassContext,
  isMerging: boolean,
  states: ReadonlyMap<Value, Value>,
  tell: Tell | undefined,
): Block {
  const inner: Block = { ...block, ops: block.ops.map((op) => withFusedRegions(op, context, isMerging, states, tell)) };
  const clusters = new Clusters(isMerging ? duplicateCheap(inner, context.ops, tell) : inner, context, states, tell);
  if (!isMerging) clusters.tellApart("fuse-off");
  else {
    clusters.mergeAll("only-inner");
    clusters.mergeAll("shared");
    clusters.mergeBeside();
    // What several products read may be inside of their one kernel now.
    clusters.mergeAll("only-inner");
  }
  const ops = ordered(clusters, states).flatMap((cluster): readonly Op[] => {
    const [first] = cluster.ops;
    const stays = first === undefined || first.name === "reshape" || roleOf(first, context.ops) === "outside";
    if (stays && cluster.ops.length === 1) {
      tell?.({ kind: "kernel", values: valuesOf(cluster.ops) });
      return cluster.ops;
    }
    const { rest, peeled } = peel(clusters.candidate(cluster.ops));
    const group = formGroup(rest, context.ops);
    // A peeled reshape belongs to the decision, though it costs the kernel nothing.
    tell?.({ kind: "kernel", values: valuesOf(cluster.ops), name: String(group.attrs["name"]) });
    return [...peeled, group];
  });
  return { ...block, ops };
}

function withFusedRegions(
  op: Op,
  context: PassContext,
  isMerging: boolean,
  states: ReadonlyMap<Value, Value>,
  tell: Tell | undefined,
): Op {
  // What a step of a scan computes is part of the scan's kernel.
  if (op.name === "group" || op.name === "scan" || op.regions.length === 0) return op;
  const fused = (region: Block): Block => fuseBlock(region, context, isMerging, memberStates(op, region, states), tell);
  return { ...op, regions: op.regions.map(fused) };
}

/** Members of state that an iteration of a loop replaces, by their next values. */
function memberStates(loop: Op, body: Block, states: ReadonlyMap<Value, Value>): ReadonlyMap<Value, Value> {
  const members = new Map<Value, Value>();
  loop.results.forEach((result, i) => {
    const [after, before] = [body.yields[i], body.args[loop.operands.indexOf(states.get(result) ?? null)]];
    if (result.type.family !== undefined && after !== undefined && before !== undefined) members.set(after, before);
  });
  return members;
}
