/**
 * Gives the arguments and results of a prepared group their slots. What lies in the same bytes shares a slot; numbers
 * of one iteration are no slots but scalars of the launch.
 */
import type { Attrs } from "../../src/ir/ir.ts";
import type { TensorType } from "../../src/ir/type.ts";
import { elementCount } from "../../src/ir/type.ts";
import type { BufferKind } from "../../src/plan/ir.ts";
import { InternalError, defined } from "../../src/support/errors.ts";
import type { PreparedGroup } from "./group-of.ts";
import type { ArgumentSource, GroupSpec, Slot } from "./group-spec.ts";
import { samePlace } from "./place.ts";
import type { Place } from "./place.ts";

/** A result's place, or the name and type of the buffer it will get. */
export type ResultPlace = Place | { readonly name: string; readonly type: TensorType };

/** Which operand or result of the group lies in a slot. */
export interface Binding {
  readonly kind: "operand" | "result";
  readonly index: number;
}

export interface SlottedGroup {
  readonly spec: GroupSpec;
  /** What each slot is bound to. */
  readonly bindings: readonly Binding[];
  /** The operands that are launch scalars. */
  readonly numbers: readonly number[];
}

/**
 * A text that is equal where `specOf` gives the same slots for the same group: kinds of places, and which of them are
 * the same bytes. Layers of a model differ in buffers only, so they share one spec.
 */
export function slotSignature(operands: readonly Place[], results: readonly (Place | undefined)[]): string {
  const seen = new Map<string, number>();
  const words = [...operands, ...results].map((place) => {
    if (place?.kind !== "bytes") return place?.kind ?? "fresh";
    const { buffer, offset, bytes } = place.range;
    const key = `${buffer} ${offset} ${bytes}`;
    const which = seen.get(key) ?? seen.size;
    seen.set(key, which);
    return `${place.buffer.kind}${which}${contentText(place.buffer)}`;
  });
  return words.join(" ");
}

/** What kernels know of a slot's elements, in the keys of kernels; nothing for row-major elements of any value. */
export function contentText({ layout, isFinite }: Pick<Slot, "layout" | "isFinite">): string {
  const order = layout === undefined ? "" : ` tile(${layout.tile.join(",")}) order(${layout.order.join(",")})`;
  return isFinite === true ? `${order} finite` : order;
}

export function specOf(
  attrs: Attrs,
  group: PreparedGroup,
  operands: readonly Place[],
  results: readonly ResultPlace[],
): SlottedGroup {
  const slots: Slot[] = [];
  const bindings: Binding[] = [];
  const places: (Place | undefined)[] = [];
  const numbers: number[] = [];
  const names = new Set<string>();
  const add = (
    binding: Binding,
    place: Place | undefined,
    hint: string,
    type: TensorType,
    isWritten: boolean,
  ): number => {
    const kind: BufferKind = place?.kind === "bytes" ? place.buffer.kind : "temporary";
    // Temporaries will lie in one arena, and a device checks usage by buffer: all of them are bound for writing.
    const access = isWritten || kind === "temporary" || kind === "arena" || kind === "output" ? "read_write" : "read";
    const buffer = place?.kind === "bytes" ? place.buffer : undefined;
    slots.push({
      name: uniqueName(names, hint),
      dtype: buffer?.dtype ?? type.dtype,
      length: elementCount(type),
      access,
      kind,
      ...(buffer?.layout === undefined ? {} : { layout: buffer.layout }),
      ...(buffer?.isFinite === true ? { isFinite: true } : {}),
    });
    bindings.push(binding);
    places.push(place);
    return slots.length - 1;
  };
  const sharedSlot = (place: Place): number =>
    places.findIndex((other) => other !== undefined && samePlace(other, place));

  const args = operands.map((place, i): ArgumentSource => {
    if (place.kind === "number") {
      numbers.push(i);
      return { kind: "launch" };
    }
    if (place.kind !== "bytes") throw new InternalError(`a ${place.kind} is an argument of group ${group.name}`);
    const shared = sharedSlot(place);
    if (shared >= 0) return { kind: "slot", slot: shared };
    const arg = defined(group.block.args[i], "an operand without an argument");
    const isWritten = results.some((other) => "kind" in other && samePlace(other, place));
    const hint = arg.name === "" ? `in${i}` : arg.name;
    return { kind: "slot", slot: add({ kind: "operand", index: i }, place, hint, arg.type, isWritten) };
  });
  const outputs = results.map((place, i) => {
    const value = defined(group.block.yields[i], "a result that is not yielded");
    const hint = value.name === "" || results.length === 1 ? "out" : value.name;
    if (!("kind" in place)) return add({ kind: "result", index: i }, undefined, hint, place.type, true);
    if (place.kind !== "bytes") throw new InternalError(`a ${place.kind} is a result of group ${group.name}`);
    const shared = sharedSlot(place);
    return shared >= 0 ? shared : add({ kind: "result", index: i }, place, hint, value.type, true);
  });
  const { name, block, locs } = group;
  return { spec: { name, block, attrs, args, slots, outputs, locs }, bindings, numbers };
}

function uniqueName(names: Set<string>, hint: string): string {
  const base = hint.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=[0-9])/, "v");
  let name = base;
  for (let n = 1; names.has(name); n++) name = `${base}_${n}`;
  names.add(name);
  return name;
}
