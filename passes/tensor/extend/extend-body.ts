/**
 * Walks `forward` and emits `extend` over all T tokens: `iota` along T becomes `pos[b] + t`, attention writes its new
 * keys and values into a cache and reads the cache, everything else passes through where it works position by
 * position. Tables of positions against positions are in `position-pairs.ts`. What cannot pass is collected as a problem with its place; the
 * result is then of no use. Which token's logits are wanted is not decided here (`select-last.ts`).
 */
import { Builder } from "../../../src/ir/builder.ts";
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { familyType, regionInt, withoutAxis } from "../../../src/ir/region-types.ts";
import type { TensorType } from "../../../src/ir/type.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { freeValues } from "../../../src/ir/uses.ts";
import { Dim } from "../../../src/support/dim.ts";
import { InternalError, defined } from "../../../src/support/errors.ts";
import type { Loc } from "../../../src/support/source.ts";
import { axisAttr, dimsAttr, operandType } from "../attrs.ts";
import type { Mapped } from "./lift.ts";
import type { Misfit } from "./attention-misfit.ts";
import { attentionMisfit } from "./attention-misfit.ts";
import { emitLifted } from "./lift.ts";
import { PositionPairs, continuedBias } from "./position-pairs.ts";
import { CONTEXT, ROWS, TOKENS, mixing, tokenAxes, tokenAxis } from "./positions.ts";
import type { Held } from "./recurrent.ts";
import { wayOut } from "./way-out.ts";
import { begun, bodyOf, continueConvolution, convolutionSentence, liveTokens, perRow, scanSentence, scansTokens } from "./recurrent.ts"; // prettier-ignore

/** A misfit and its place. */
export interface Problem extends Misfit {
  readonly loc: Loc | undefined;
}

export class ExtendBody {
  readonly problems: Problem[] = [];
  private readonly mapping = new Map<Value, Mapped>();
  /** What scans carry out of their last position. */
  private readonly finals = new Set<Value>();
  /** Values that only a problem can make (positions against positions, a shifted axis): their users are not judged. */
  private readonly spoilt = new Set<Value>();
  private readonly pairs: PositionPairs;

  /** pos and count: i32[B], arguments of the new function. */
  constructor(
    private readonly ops: OpTable,
    private readonly pos: Value,
    private readonly count: Value,
  ) {
    this.pairs = new PositionPairs(ops);
  }

  map(old: Value, made: Value): void {
    this.mapping.set(old, { value: made, isLifted: false });
  }

  lookup(old: Value): Mapped {
    return defined(this.mapping.get(old), `extend: no value for ${old.name}`);
  }

  /** Emits the ops of a block. Returns the caches of the attentions that stand in it. */
  emitBlock(block: Block, b: Builder, depth: number): readonly Held[] {
    const caches: Held[] = [];
    for (const op of block.ops) {
      b.loc = op.loc;
      caches.push(...this.emitOp(op, b, depth));
    }
    return caches;
  }

  private emitOp(op: Op, b: Builder, depth: number): readonly Held[] {
    if (op.name !== "repeat" && op.operands.some((operand) => operand !== null && this.spoilt.has(operand))) {
      this.spoil(op);
      return [];
    }
    if (op.name === "repeat") return this.emitRepeat(op, b, depth);
    if (op.name === "attention" && concernsTokens(op)) return this.emitAttention(op, b);
    if (op.name === "scan") return this.emitScan(op, b);
    if (op.name === "conv1d" && tokenAxis(operandType(op, 0)) !== undefined) return this.emitConvolution(op, b);
    if (this.pairs.concern(op)) {
      const operands = op.operands.map((operand) => (operand === null ? null : this.lookup(operand)));
      const made = this.pairs.emit(op, operands, b);
      if (typeof made === "string") this.refuse(op, made);
      else this.setResult(op, made);
      return [];
    }
    const mixed = mixing(op, this.ops);
    if (op.operands.some((operand) => operand !== null && this.finals.has(operand)))
      this.refuse(op, `\`${op.name}\` reads the state after the last position`);
    else if (mixed !== undefined) this.refuse(op, mixed, helpOf(wayOut(op, this.ops)));
    else if (op.name === "iota" && countsTokens(op)) {
      this.setResult(op, { value: this.positions(op, b), isLifted: true });
      if (dimsAttr(op, "shape").length === 1) op.results.forEach((made) => this.pairs.count(made));
    } else this.emitPlain(op, b);
    return [];
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
  private emitAttention(op: Op, b: Builder): readonly Held[] {
    const [q, k, v, , window, , , bias, slopes, sinks] = op.operands;
    const misfit = attentionMisfit(op);
    if (misfit !== undefined) {
      this.refuse(op, misfit.sentence, misfit);
      return [];
    }
    const given = bias ? continuedBias(this.lookup(bias), b) : null;
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

  private emitWrite(fresh: Value, name: string, b: Builder): Held {
    const dims = fresh.type.dims.map((dim, axis) => (axis === 2 ? Dim.symbol(CONTEXT) : dim));
    const before = value(tensorType(fresh.type.dtype, dims), name);
    return { before, after: b.emit("cache_write", [before, fresh, this.pos, this.count], {}, name) };
  }

  /** The state of a scan begins where the last call left it. */
  private emitScan(op: Op, b: Builder): readonly Held[] {
    const isOverTokens = scansTokens(op);
    const sentence = isOverTokens ? scanSentence(op) : undefined;
    const body = bodyOf(op);
    const outside = freeValues(body).map((free) => this.lookup(free));
    const operands = op.operands.map((operand) => this.lookup(defined(operand, "a scan has all operands")));
    if (sentence !== undefined || [...operands, ...outside].some(({ isLifted }) => isLifted)) {
      this.refuse(op, sentence ?? "`scan` walks along something that is indexed by positions and not by rows");
      return [];
    }
    const [axis, carries] = [regionInt(op.attrs, "axis"), regionInt(op.attrs, "carries")];
    const rows = { pos: this.pos, count: this.count };
    const args = body.args.map((old) => value(old.type, old.name));
    body.args.forEach((old, i) => this.map(old, defined(args[i], "as many arguments")));
    const befores = isOverTokens ? args.slice(0, carries).map(({ type, name }) => value(type, name || "state")) : [];
    const starts = operands.slice(0, carries).map((start, i) => {
      const before = befores[i];
      return before === undefined ? start.value : begun(b, start.value, before, rows);
    });
    const live = isOverTokens ? [liveTokens(b, axis, rows)] : [];
    const isLive = live.map(({ type }) => value(withoutAxis(type, axis), "live"));
    const inner = b.nested();
    const caches = this.emitBlock(body, inner, 1);
    if (caches.length > 0) throw new InternalError("state inside of a scan");
    const yields = body.yields.map((old, i) => {
      const made = this.lookup(old).value;
      const [on] = isLive;
      const arg = args[i];
      if (on === undefined || arg === undefined || i >= carries) return made;
      return inner.emit("select", [perRow(inner, on, arg.type), made, arg], {}, arg.name);
    });
    b.loc = op.loc;
    const results = op.results.map((old) => value(old.type, old.name));
    b.push({
      ...op,
      operands: [...starts, ...operands.slice(carries).map((x) => x.value), ...live],
      results,
      regions: [inner.block([...args, ...isLive], yields)],
    });
    op.results.forEach((old, i) => {
      this.map(old, defined(results[i], "as many results"));
      if (isOverTokens && i < carries) this.finals.add(old);
    });
    return befores.map((before, i) => ({ before, after: defined(results[i], "a state after") }));
  }

  /** The last inputs of a causal convolution are state. */
  private emitConvolution(op: Op, b: Builder): readonly Held[] {
    const operands = op.operands.map((operand) => (operand === null ? null : this.lookup(operand)));
    const sentence = convolutionSentence(op);
    if (sentence !== undefined || operands.some((operand) => operand?.isLifted === true)) {
      this.refuse(op, sentence ?? "`conv1d` runs over something that is indexed by positions and not by rows");
      return [];
    }
    const values = operands.map((operand) => operand?.value ?? null);
    const { result, held } = continueConvolution(op, values, b, { pos: this.pos, count: this.count });
    this.setResult(op, { value: result, isLifted: false });
    return held;
  }

  /** The loop over layers takes the caches of its body as xs and gives them back as ys. */
  private emitRepeat(op: Op, b: Builder, depth: number): readonly Held[] {
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
      this.refuse(op, "`attention`, `scan` or `conv1d` stands in a loop inside a loop", {
        label: "what it keeps belongs to one loop",
        help: "list the layers of the inner loop one by one, or build with `--entries forward`",
      });
      return [];
    }
    const family = (type: TensorType): TensorType => familyType(type, Number(op.attrs["count"]));
    const outside = caches.map(({ before, after }): Held => ({
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

function helpOf(help: string | undefined): Omit<Misfit, "sentence"> {
  return help === undefined ? {} : { help };
}

function concernsTokens({ operands, results }: Op): boolean {
  return [...operands, ...results].some((each) => each !== null && tokenAxis(each.type) !== undefined);
}
