/**
 * Walks `forward` and emits `extend` over all T tokens: `iota` along T becomes `pos[b] + t`, attention writes its new
 * keys and values into a cache and reads the cache, everything else passes through where it works position by
 * position. Tables of queries against keys that are made of positions alone (`relative_buckets`, a bias looked up by
 * it) pass too: their axis of keys becomes the cache's. What cannot pass is collected as a problem with its place; the
 * result is then of no use. Which token's logits are wanted is not decided here (`select-last.ts`).
 */
import { Builder } from "../../../src/ir/builder.ts";
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { familyType } from "../../../src/ir/region-types.ts";
import type { TensorType } from "../../../src/ir/type.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import type { Loc } from "../../../src/support/source.ts";
import { axisAttr, dimsAttr } from "../attrs.ts";
import type { Mapped } from "./lift.ts";
import type { Misfit } from "./attention-misfit.ts";
import { attentionMisfit } from "./attention-misfit.ts";
import { emitLifted, withRank } from "./lift.ts";
import { ROWS, TOKENS, mixing, tokenAxes, tokenAxis } from "./positions.ts";

/** The symbol of the cache's length. */
export const CONTEXT = "S";

/** State of one attention: the cache before and after, of the function's argument or of one iteration. */
interface Cache {
  readonly before: Value;
  readonly after: Value;
}

/** A misfit and its place. */
export interface Problem extends Misfit {
  readonly loc: Loc | undefined;
}

export class ExtendBody {
  readonly problems: Problem[] = [];
  private readonly mapping = new Map<Value, Mapped>();
  /** Values that only a problem can make (positions against positions, a shifted axis): their users are not judged. */
  private readonly spoilt = new Set<Value>();
  /** Values of `forward` that are 0, 1, ..., T - 1. */
  private readonly counts = new Set<Value>();
  /** Values of `forward` that are made of positions of queries and of keys; the new ones have an axis of keys S. */
  private readonly pairs = new Set<Value>();

  /** pos and count: i32[B], arguments of the new function. */
  constructor(
    private readonly ops: OpTable,
    private readonly pos: Value,
    private readonly count: Value,
  ) {}

  map(old: Value, made: Value): void {
    this.mapping.set(old, { value: made, isLifted: false });
  }

  lookup(old: Value): Mapped {
    return defined(this.mapping.get(old), `extend: no value for ${old.name}`);
  }

  /** Emits the ops of a block. Returns the caches of the attentions that stand in it. */
  emitBlock(block: Block, b: Builder, depth: number): readonly Cache[] {
    const caches: Cache[] = [];
    for (const op of block.ops) {
      b.loc = op.loc;
      caches.push(...this.emitOp(op, b, depth));
    }
    return caches;
  }

  private emitOp(op: Op, b: Builder, depth: number): readonly Cache[] {
    if (op.name !== "repeat" && op.operands.some((operand) => operand !== null && this.spoilt.has(operand))) {
      this.spoil(op);
      return [];
    }
    if (op.name === "repeat") return this.emitRepeat(op, b, depth);
    if (op.name === "attention") return this.emitAttention(op, b);
    if (op.name === "relative_buckets") this.emitBuckets(op, b);
    else if (op.operands.some((operand) => operand !== null && this.pairs.has(operand))) this.emitPairs(op, b);
    else this.emitAlone(op, b);
    return [];
  }

  /** An op that works position by position, or is refused. */
  private emitAlone(op: Op, b: Builder): void {
    const sentence = op.name === "scan" ? "`scan` runs over the positions" : mixing(op, this.ops);
    if (sentence !== undefined) this.refuse(op, sentence);
    else if (op.name === "iota" && countsTokens(op)) {
      this.setResult(op, { value: this.positions(op, b), isLifted: true });
      if (dimsAttr(op, "shape").length === 1) op.results.forEach((made) => this.counts.add(made));
    } else this.emitPlain(op, b);
  }

  /** Queries at `pos + t` against all keys that the cache may hold. */
  private emitBuckets(op: Op, b: Builder): void {
    const [queries, keys] = op.operands.map((operand) => defined(operand, "queries and keys"));
    if (queries === undefined || keys === undefined || !this.counts.has(keys)) return this.emitAlone(op, b);
    const made = this.lookup(queries);
    if (!made.isLifted)
      return this.refuse(op, "`relative_buckets` has keys at positions of this call and queries elsewhere");
    const cached = b.emit("iota", [], { shape: [Dim.symbol(CONTEXT)], axis: 0 });
    this.setResult(op, { value: b.emit(op.name, [made.value, cached], op.attrs, op.results[0]?.name), isLifted: true });
    op.results.forEach((result) => this.pairs.add(result));
  }

  /** An op on a table of queries against keys: it works pair by pair where nothing else of it has positions. */
  private emitPairs(op: Op, b: Builder): void {
    const isFree = (operand: Value | null): boolean =>
      operand === null || this.pairs.has(operand) || tokenAxis(operand.type) === undefined;
    const operands = op.operands.map((operand) => (operand === null ? null : this.lookup(operand)));
    const worksOnPairs =
      hasTrait(this.ops.get(op.name), "elementwise") || op.name === "take" || op.name === "transpose";
    const made = worksOnPairs && op.operands.every(isFree) ? emitLifted(op, operands, b) : undefined;
    if (made === undefined || typeof made === "string")
      return this.refuse(op, `\`${op.name}\` sets positions against positions in a way that has no cache`);
    this.setResult(op, made);
    op.results.forEach((result) => this.pairs.add(result));
  }

  private emitPlain(op: Op, b: Builder): void {
    const operands = op.operands.map((operand) => (operand === null ? null : this.lookup(operand)));
    if (!operands.some((operand) => operand?.isLifted)) {
      const results = op.results.map((old) => value(old.type, old.name));
      b.push({ ...op, operands: operands.map((operand) => operand?.value ?? null), results });
      op.results.forEach((old, i) => this.map(old, defined(results[i], "as many results")));
      return;
    }
    const made = emitLifted(op, operands, b);
    if (typeof made !== "string") this.setResult(op, made);
    else if (hasTrait(this.ops.get(op.name), "composite")) this.emitDecomposed(op, b);
    else this.refuse(op, made);
  }

  /** A composite that has no lifted form of its own is taken apart, and its parts are emitted. */
  private emitDecomposed(op: Op, b: Builder): void {
    const parts = new Builder(this.ops, op.loc);
    const decompose = defined(this.ops.get(op.name)?.decompose, `${op.name} is a composite`);
    const results = decompose(parts, op.operands, op.attrs, op);
    for (const part of parts.ops) this.emitOp(part, b, 0);
    op.results.forEach((old, i) => this.mapping.set(old, this.lookup(defined(results[i], "as many results"))));
  }

  /** `iota` along T: `pos[b] + t`, with a leading axis B. */
  private positions(op: Op, b: Builder): Value {
    const shape = dimsAttr(op, "shape");
    const starts = b.emit("reshape", [this.pos], { shape: [Dim.symbol(ROWS), ...shape.map(() => 1)] });
    const steps = b.emit("iota", [], { shape, axis: axisAttr(op, shape.length) });
    return b.emit("add", [starts, steps], {}, "positions");
  }

  /** New keys and values go into the cache at `pos`; queries at `pos + t` read all of it that lies behind them. */
  private emitAttention(op: Op, b: Builder): readonly Cache[] {
    const [q, k, v, , window, , , bias, slopes, sinks] = op.operands;
    const misfit = attentionMisfit(op);
    if (misfit !== undefined) {
      this.refuse(op, misfit.sentence, misfit);
      return [];
    }
    const given = bias ? this.emitBias(bias, b) : null;
    if (typeof given === "string") {
      const help = "look it up by `relative_buckets(T, T, ...)`, or build with `--entries forward`";
      this.refuse(op, given, { help });
      return [];
    }
    const now = (old: Value | null | undefined): Value | null => (old ? this.lookup(old).value : null);
    const keys = this.emitWrite(defined(now(k), "k"), "k", b);
    const values = this.emitWrite(defined(now(v), "v"), "v", b);
    const operands = [now(q), keys.after, values.after, this.pos, now(window), null, null, given, now(slopes), now(sinks)]; // prettier-ignore
    const last = operands.findLastIndex((operand) => operand !== null);
    const made = b.emit("attention", operands.slice(0, last + 1), op.attrs, op.results[0]?.name);
    this.setResult(op, { value: made, isLifted: false });
    return [keys, values];
  }

  /** A bias that broadcasts to [B, H, T, S], or the sentence that says why the cache has none. */
  private emitBias(old: Value, b: Builder): Value | string {
    const { value: made, isLifted } = this.lookup(old);
    const bias = isLifted ? withRank(made, 3, b) : made;
    const along = bias.type.dims.at(-1) ?? Dim.of(1);
    return along.equals(1) || along.equals(Dim.symbol(CONTEXT))
      ? bias
      : "`attention` has a `bias` for the keys of this call, and the keys before it are in a cache";
  }

  private emitWrite(fresh: Value, name: string, b: Builder): Cache {
    const dims = fresh.type.dims.map((dim, axis) => (axis === 2 ? Dim.symbol(CONTEXT) : dim));
    const before = value(tensorType(fresh.type.dtype, dims), name);
    return { before, after: b.emit("cache_write", [before, fresh, this.pos, this.count], {}, name) };
  }

  /** The loop over layers takes the caches of its body as xs and gives them back as ys. */
  private emitRepeat(op: Op, b: Builder, depth: number): readonly Cache[] {
    const body = defined(op.regions[0], "a repeat has a block");
    const carries = Number(op.attrs["carries"]);
    const operands = op.operands.map((operand) => this.lookup(defined(operand, "a repeat has all operands")));
    const args = body.args.map((old) => value(old.type, old.name));
    body.args.forEach((old, i) => this.map(old, defined(args[i], "as many arguments")));
    const inner = b.nested();
    const caches = this.emitBlock(body, inner, depth + 1);
    const yields = body.yields.map((old) => this.lookup(old));
    b.loc = op.loc;
    if ([...op.operands, ...body.yields].some((old) => old !== null && this.spoilt.has(old))) this.spoil(op);
    if ([...operands, ...yields].some((mapped) => mapped.isLifted)) {
      this.refuse(op, "the layers hand on a value that is indexed by positions and not by rows");
      return [];
    }
    if (depth > 0 && caches.length > 0) {
      this.refuse(op, "`attention` stands in a loop inside a loop", {
        label: "a cache belongs to one loop",
        help: "list the layers of the inner loop one by one, or build with `--entries forward`",
      });
      return [];
    }
    const family = (type: TensorType): TensorType => familyType(type, Number(op.attrs["count"]));
    const outside = caches.map(({ before, after }): Cache => ({
      before: value(family(before.type), before.name),
      after: value(family(after.type), after.name),
    }));
    const results = op.results.map((old) => value(old.type, old.name));
    const block = inner.block(
      [...args, ...caches.map((cache) => cache.before)],
      [...yields.map((mapped) => mapped.value), ...caches.map((cache) => cache.after)],
    );
    b.push({
      ...op,
      attrs: { ...op.attrs, carries },
      operands: [...operands.map((mapped) => mapped.value), ...outside.map((cache) => cache.before)],
      results: [...results, ...outside.map((cache) => cache.after)],
      regions: [block],
    });
    op.results.forEach((old, i) => this.map(old, defined(results[i], "as many results")));
    return outside;
  }

  private setResult(op: Op, made: Mapped): void {
    this.mapping.set(defined(op.results[0], `${op.name} has a result`), made);
  }

  /** Notes the problem; the walk goes on and finds others. */
  private refuse(op: Op, sentence: string, words: Omit<Misfit, "sentence"> = {}): void {
    this.problems.push({ ...words, sentence, loc: op.loc });
    this.spoil(op);
  }

  /** Results get values of their old types. One whose axis T is an ordinary one may be used like any other. */
  private spoil(op: Op): void {
    for (const old of op.results) {
      this.map(old, value(old.type, old.name));
      const axes = tokenAxes(old.type);
      if (axes.length > 1 || axes.some((axis) => !old.type.dims[axis]?.equals(Dim.symbol(TOKENS))))
        this.spoilt.add(old);
    }
  }
}

function countsTokens(op: Op): boolean {
  const shape = dimsAttr(op, "shape");
  return shape[axisAttr(op, shape.length)]?.symbols().has(TOKENS) === true;
}
