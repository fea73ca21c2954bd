/**
 * Makes ops one after the other, with their types inferred. A builder made by `nested` collects the block of a region.
 * A type error here is a bug of the caller (sema asks `infer` first), so it is thrown as `InternalError`.
 */
import { InternalError, defined } from "../support/errors.ts";
import type { Loc } from "../support/source.ts";
import type { Attrs, Block, Op, Value } from "./ir.ts";
import { value } from "./ir.ts";
import type { OpDef, OpTable } from "./op-def.ts";
import { padded } from "./op-def.ts";
import type { TensorType } from "./type.ts";

export class Builder {
  private readonly collected: Op[] = [];
  /** The place that new ops carry. */
  loc: Loc | undefined;

  constructor(
    readonly table: OpTable,
    loc?: Loc,
  ) {
    this.loc = loc;
  }

  get ops(): readonly Op[] {
    return this.collected;
  }

  /** Emits a listed op and returns its only result. `name` is a hint for the printer. */
  emit(opName: string, operands: readonly (Value | null)[], attrs: Attrs = {}, name = ""): Value {
    return defined(this.emitAll(opName, operands, attrs, name)[0], `${opName} has no result`);
  }

  /** Emits a listed op and returns all its results. Defaults of attributes are filled in. */
  emitAll(opName: string, operands: readonly (Value | null)[], attrs: Attrs = {}, name = ""): readonly Value[] {
    const def = this.table.get(opName);
    if (def === undefined) throw new InternalError(`no op named ${opName}`);
    const complete = completeAttrs(def, attrs);
    const types = def.infer(
      padded(
        def,
        operands.map((v) => v?.type ?? null),
      ),
      complete,
    );
    if (typeof types === "string") throw new InternalError(`${opName}: ${types}`);
    return this.push({
      name: opName,
      operands: trimmed(operands),
      attrs: complete,
      results: types.map((type) => value(type, name)),
      regions: [],
    }).results;
  }

  /** Adds a finished op (a region op, or one copied by a pass); its place is kept if it has one. */
  push(op: Op): Op {
    const placed: Op = op.loc !== undefined || this.loc === undefined ? op : { ...op, loc: this.loc };
    this.collected.push(placed);
    return placed;
  }

  param(path: string, type: TensorType): Value {
    const words = path.split(".").filter((word) => !word.includes("{"));
    const made = value(type, words.slice(-2).join("_"));
    this.push({ name: "param", operands: [], attrs: { path }, results: [made], regions: [] });
    return made;
  }

  /** A builder for the block of a region. */
  nested(): Builder {
    return new Builder(this.table, this.loc);
  }

  block(args: readonly Value[], yields: readonly Value[]): Block {
    return { args, ops: [...this.collected], yields };
  }
}

export function completeAttrs(def: OpDef, attrs: Attrs): Attrs {
  const complete: Record<string, Attrs[string]> = {};
  for (const [name, spec] of Object.entries(def.attrs)) {
    const given = attrs[name] ?? spec.default;
    if (given === undefined) throw new InternalError(`${def.name}: attribute ${name} is missing`);
    complete[name] = given;
  }
  for (const [name, given] of Object.entries(attrs)) if (!(name in complete)) complete[name] = given;
  return complete;
}

function trimmed(operands: readonly (Value | null)[]): readonly (Value | null)[] {
  let end = operands.length;
  while (end > 0 && operands[end - 1] === null) end--;
  return operands.slice(0, end);
}
