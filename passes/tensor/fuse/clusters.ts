/**
 * The ops of a block in clusters, each of which will be one kernel. Starts with one op a cluster and merges producer
 * into consumer where that is legal (`legal-group.ts`), makes no cycle, fits the device's bindings and is worth it.
 */
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { bytesOf } from "../../../src/ir/type.ts";
import { freeValues } from "../../../src/ir/uses.ts";
import type { PassContext } from "../../manager/pass.ts";
import { splatOf } from "../constants.ts";
import { isPlainProduct } from "./legal-product.ts";
import { hasFewRows } from "../few-rows.ts";
import { isWorthPulling, isWorthRepeating, pullsOf } from "./cost.ts";
import type { Reason, Tell } from "./decision.ts";
import type { Candidate } from "./candidate.ts";
import { groupKind, refusalOf } from "./legal-group.ts";
import { isCheap, roleOf } from "./roles.ts";

export interface Cluster {
  /** In program order. */
  readonly ops: readonly Op[];
}

/** `only-inner`: nothing of the producer is needed outside; `shared`: it may be an output of the merged kernel too;
 * `beside`: neither needs the other. */
export type MergeMode = "only-inner" | "shared" | "beside";

export class Clusters {
  private readonly ofOp = new Map<Op, Cluster>();
  private readonly producers = new Map<Value, Op>();
  private readonly users = new Map<Value, Op[]>();
  private readonly order = new Map<Op, number>();
  /** Why consumers stay apart from a producer: neither is another cluster before it has merged. */
  private readonly refused: Record<MergeMode, Map<Cluster, Map<Cluster, Reason>>> = {
    "only-inner": new Map(),
    shared: new Map(),
    beside: new Map(),
  };

  constructor(
    readonly block: Block,
    readonly context: PassContext,
    /** A result and the state argument that it replaces: they share one binding. */
    private readonly inPlace: ReadonlyMap<Value, Value>,
    private readonly tell?: Tell,
  ) {
    block.ops.forEach((op, i) => {
      this.order.set(op, i);
      this.ofOp.set(op, { ops: [op] });
      for (const made of op.results) this.producers.set(made, op);
      for (const used of usedBy(op)) this.users.set(used, [...(this.users.get(used) ?? []), op]);
    });
  }

  /** The clusters, by their first op. */
  all(): readonly Cluster[] {
    return [...new Set(this.block.ops.map((op) => this.of(op)))];
  }

  of(op: Op): Cluster {
    return this.ofOp.get(op) ?? { ops: [op] };
  }

  producerOf(value: Value): Op | undefined {
    return this.producers.get(value);
  }

  /** The ops with what others need of them. */
  candidate(ops: readonly Op[]): Candidate {
    const inside = new Set(ops);
    const isNeeded = (made: Value): boolean =>
      this.block.yields.includes(made) || (this.users.get(made) ?? []).some((user) => !inside.has(user));
    return { ops, yields: ops.flatMap((op) => op.results).filter(isNeeded) };
  }

  /** The clusters that must run before this one. */
  before(cluster: Cluster): ReadonlySet<Cluster> {
    const found = new Set<Cluster>();
    for (const op of cluster.ops)
      for (const used of usedBy(op)) {
        const producer = this.producers.get(used);
        if (producer !== undefined && this.of(producer) !== cluster) found.add(this.of(producer));
      }
    return found;
  }

  /** Merges until nothing can be merged any more. */
  mergeAll(mode: MergeMode): void {
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const op of this.block.ops)
        for (const operand of op.operands) {
          const producer = operand === null ? undefined : this.producers.get(operand);
          if (producer === undefined || this.of(producer) === this.of(op)) continue;
          if (this.tryMerge(this.of(producer), this.of(op), mode)) isChanged = true;
        }
    }
  }

  /** Merges products that read the same left operand and do not need each other: one reads it for all. */
  mergeBeside(): void {
    const readers = new Map<Value, Op[]>();
    for (const op of this.block.ops) {
      if (roleOf(op, this.context.ops) !== "matmul") continue;
      const left = this.sourceOf(op.operands[0]);
      if (left !== undefined) readers.set(left, [...(readers.get(left) ?? []), op]);
    }
    for (const [first, ...others] of readers.values())
      for (const other of first === undefined ? [] : others)
        if (first !== undefined && this.of(first) !== this.of(other))
          this.tryMerge(this.of(first), this.of(other), "beside");
  }

  /** What a value is moved and cast from. */
  private sourceOf(value: Value | null | undefined): Value | undefined {
    if (value === null || value === undefined) return undefined;
    const op = this.producers.get(value);
    const isSeenThrough = op !== undefined && (roleOf(op, this.context.ops) === "move" || op.name === "cast");
    return isSeenThrough ? this.sourceOf(op.operands[0]) : value;
  }

  /** Says of all neighbours that they stay apart. */
  tellApart(reason: Reason): void {
    if (this.tell === undefined) return;
    for (const cluster of this.all())
      for (const producer of this.before(cluster))
        this.tell({ kind: "apart", producer: valuesOf(producer.ops), consumer: valuesOf(cluster.ops), reason });
  }

  private tryMerge(producer: Cluster, consumer: Cluster, mode: MergeMode): boolean {
    const refused = this.refused[mode].get(producer) ?? new Map<Cluster, Reason>();
    const known = refused.get(consumer);
    if (known !== undefined && this.tell === undefined) return false;
    const ops = [...producer.ops, ...consumer.ops].sort((a, b) => (this.order.get(a) ?? 0) - (this.order.get(b) ?? 0));
    const merged = this.candidate(ops);
    const reason = known ?? this.refusal(producer, consumer, merged, mode);
    this.tellVerdict(producer, consumer, merged, reason);
    if (reason !== undefined) {
      this.refused[mode].set(producer, refused.set(consumer, reason));
      return false;
    }
    const cluster: Cluster = { ops };
    for (const op of ops) this.ofOp.set(op, cluster);
    return true;
  }

  /** The first rule by which the two stay apart. */
  private refusal(producer: Cluster, consumer: Cluster, merged: Candidate, mode: MergeMode): Reason | undefined {
    const table = this.context.ops;
    if (merged.ops.some((op) => roleOf(op, table) === "outside")) return "no-computation";
    const isKept = mode === "shared" ? !this.isShareable(producer, consumer) : keepsOutput(producer, merged);
    if (mode !== "beside" && isKept) return (this.tell && refusalOf(merged, table)) ?? "needed-elsewhere";
    const illegal = refusalOf(merged, table);
    if (illegal !== undefined) return illegal;
    const isProduct = groupKind(merged, table) === "matmul";
    if (isProduct && !isPlainProduct(merged, table) && !hasFewRows(merged.ops, this.context)) return "product-rows";
    if (!this.fitsBindings(merged, consumer)) return "bindings";
    if (this.overwritesEarly(merged) || (isProduct && this.copiesState(merged))) return "state-order";
    if (mode !== "beside" && !this.isWorth(producer, consumer)) return "cost";
    return this.isReachedAround(producer, consumer) || (mode === "beside" && this.isReachedAround(consumer, producer))
      ? "cycle"
      : undefined;
  }

  private tellVerdict(producer: Cluster, consumer: Cluster, merged: Candidate, reason: Reason | undefined): void {
    if (this.tell === undefined) return;
    const sides = { producer: valuesOf(producer.ops), consumer: valuesOf(consumer.ops) };
    const { maxStorageBuffers } = this.context.info.limits;
    if (reason === undefined) this.tell({ kind: "merged", ...sides });
    else if (reason !== "bindings") this.tell({ kind: "apart", ...sides, reason });
    else this.tell({ kind: "apart", ...sides, reason, facts: { buffers: this.bindingsOf(merged), most: maxStorageBuffers } }); // prettier-ignore
  }

  /** A product keeps its epilogue and nothing else, so that its registers stay free; others may have more outputs. */
  private isShareable(producer: Cluster, consumer: Cluster): boolean {
    const kinds = [producer, consumer].map((cluster) => groupKind(this.candidate(cluster.ops), this.context.ops));
    const isOpen = kinds[0] === "elementwise" || kinds[0] === "row_reduce" || kinds[0] === "sample";
    return isOpen && (kinds[1] === "elementwise" || kinds[1] === "row_reduce");
  }

  /**
   * Whether the kernel would replace state that others read and also make something that others wait for: they would
   * have to run before it and after it, and the state would need a copy. Those that it needs itself run before anyhow.
   */
  private overwritesEarly({ ops, yields }: Candidate): boolean {
    const inside = new Set(ops);
    const isReadOutside = (value: Value): boolean => (this.users.get(value) ?? []).some((user) => !inside.has(user));
    const states = yields.map((made) => this.inPlace.get(made)).filter((state) => state !== undefined);
    const isWaitedFor = yields.some((made) => !this.inPlace.has(made) && isReadOutside(made));
    if (!isWaitedFor || !states.some(isReadOutside)) return false;
    const needed = this.opsBehind(ops);
    const isReadLate = (state: Value): boolean =>
      (this.users.get(state) ?? []).some((user) => !inside.has(user) && !needed.has(user));
    return states.some(isReadLate);
  }

  /** Whether a cache that the kernel writes to would have to be copied first, because it is no state or is read later. */
  private copiesState({ ops }: Candidate): boolean {
    const inside = new Set(ops);
    const written = ops.filter((op) => op.name === "cache_write");
    const needed = written.length === 0 ? inside : this.opsBehind(ops);
    return written.some(({ operands: [cache], results: [made] }) => {
      if (!cache || made === undefined || this.inPlace.get(made) !== cache) return true;
      return (this.users.get(cache) ?? []).some((user) => !inside.has(user) && !needed.has(user));
    });
  }

  /** The ops of the block that these need. */
  private opsBehind(ops: readonly Op[]): ReadonlySet<Op> {
    const found = new Set<Op>();
    const visit = (op: Op): void => {
      for (const used of usedBy(op)) {
        const producer = this.producers.get(used);
        if (producer === undefined || found.has(producer)) continue;
        found.add(producer);
        visit(producer);
      }
    };
    ops.forEach(visit);
    return found;
  }

  /** A kernel that has too many bindings anyhow may take over what does not give it more. */
  private fitsBindings(merged: Candidate, consumer: Cluster): boolean {
    const most = this.context.info.limits.maxStorageBuffers;
    const count = this.bindingsOf(merged);
    return count <= most || count <= this.bindingsOf(this.candidate(consumer.ops));
  }

  /** How many buffers the kernel binds. */
  private bindingsOf(merged: Candidate): number {
    const inputs = inputsOf(merged.ops);
    const written = new Set(merged.ops.flatMap((op) => (op.name === "cache_write" ? op.results : [])));
    const isInPlace = (made: Value): boolean => {
      const state = this.inPlace.get(made);
      return written.has(made) || (state !== undefined && inputs.includes(state));
    };
    // A constant that is not one number is a table, which the kernel reads from a buffer of its own.
    const tables = merged.ops.filter((op) => op.name === "constant" && splatOf(op) === undefined).length;
    return inputs.length + tables + merged.yields.filter((made) => !isInPlace(made)).length;
  }

  private isWorth(producer: Cluster, consumer: Cluster): boolean {
    if (producer.ops.every((op) => isCheap(op, this.context.ops))) return true;
    if (this.wouldWiden(producer, consumer)) return false;
    const kind = groupKind(this.candidate(producer.ops), this.context.ops);
    const isRow = kind === "row_reduce" && groupKind(this.candidate(consumer.ops), this.context.ops) === "matmul";
    if (isRow) return isWorthRepeating(producer.ops, consumer.ops, this.context);
    if (kind !== "elementwise") return true;
    const { ops, capacities } = this.context;
    const inputs = inputsOf(producer.ops);
    const { yields } = this.candidate(consumer.ops);
    return this.candidate(producer.ops).yields.every((made) => {
      const pulls = pullsOf(made, consumer.ops, yields, ops, capacities);
      return isWorthPulling(producer.ops, made, inputs, pulls, this.context);
    });
  }

  /** Whether the consumer only makes wider elements of the producer's: whoever uses those can read the narrow ones. */
  private wouldWiden(producer: Cluster, consumer: Cluster): boolean {
    const { ops } = this.context;
    if (!consumer.ops.every((op) => isCheap(op, ops)) || !consumer.ops.some((op) => op.name === "cast")) return false;
    const largest = (cluster: Cluster): number =>
      Math.max(...this.candidate(cluster.ops).yields.map(({ type }) => bytesOf(type.dtype)));
    return largest(consumer) > largest(producer);
  }

  /** Whether some third cluster lies between the two: then one kernel would have to wait for itself. */
  private isReachedAround(producer: Cluster, consumer: Cluster): boolean {
    const seen = new Set<Cluster>();
    const reaches = (cluster: Cluster): boolean => {
      if (cluster === producer) return true;
      if (seen.has(cluster)) return false;
      seen.add(cluster);
      return [...this.before(cluster)].some(reaches);
    };
    return [...this.before(consumer)].some((cluster) => cluster !== producer && reaches(cluster));
  }
}

/** What an op reads, its blocks included. */
export function usedBy(op: Op): readonly Value[] {
  const operands = op.operands.filter((operand): operand is Value => operand !== null);
  return [...operands, ...op.regions.flatMap((region) => freeValues(region))];
}

/** What the ops make. */
export function valuesOf(ops: readonly Op[]): readonly Value[] {
  return ops.flatMap((op) => op.results);
}

/** Values that the ops read and do not make, each once. */
export function inputsOf(ops: readonly Op[]): readonly Value[] {
  const made = new Set(ops.flatMap((op) => op.results));
  return [...new Set(ops.flatMap(usedBy))].filter((used) => !made.has(used));
}

function keepsOutput(producer: Cluster, merged: Candidate): boolean {
  const made = new Set(producer.ops.flatMap((op) => op.results));
  return merged.yields.some((yielded) => made.has(yielded));
}
