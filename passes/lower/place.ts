/** Where the values of a function lie while it is lowered, and the buffers of one plan. */
import type { Op } from "../../src/ir/ir.ts";
import type { TensorType } from "../../src/ir/type.ts";
import { bytesOf, elementCount, isHalf } from "../../src/ir/type.ts";
import type { BufferKind, PlanBuffer, Range } from "../../src/plan/ir.ts";
import { InternalError, defined } from "../../src/support/errors.ts";

export type Place =
  /** Bytes of a buffer. */
  | { readonly kind: "bytes"; readonly range: Range; readonly buffer: PlanBuffer }
  /** One place for each member. */
  | { readonly kind: "family"; readonly members: readonly Place[] }
  /** A number of one iteration, passed with each launch. */
  | { readonly kind: "number"; readonly value: number }
  /** Nothing yet: computed inside each kernel that wants it (`iota`, one number). */
  | { readonly kind: "recipe"; readonly op: Op };

/** The buffers of one plan, each name once. */
export class PlanBuffers {
  private readonly byName = new Map<string, PlanBuffer>();
  private readonly reserved = new Set<string>();
  private temporaries = 0;

  /** `storage`: the types that the target stores. */
  constructor(
    private readonly sizes: Readonly<Record<string, number>>,
    private readonly storage: readonly string[],
  ) {}

  get all(): readonly PlanBuffer[] {
    return [...this.byName.values()];
  }

  find(name: string): PlanBuffer | undefined {
    return this.byName.get(name);
  }

  /** The buffer of that name, made if there is none: a weight, a constant, an argument, a result. */
  named(name: string, type: TensorType, rest: Omit<PlanBuffer, "name" | "bytes" | "dtype" | "dims">): Place {
    const known = this.byName.get(name);
    if (known !== undefined) return placeOf(known);
    const dims = type.dims.map((dim) => dim.asNumber() ?? dim.toString());
    const { dtype } = isOurs(rest.kind) ? this.lying(type) : type;
    const buffer: PlanBuffer = { name, bytes: this.bytes({ ...type, dtype }), dtype, dims, ...rest };
    this.byName.set(name, buffer);
    return placeOf(buffer);
  }

  temporary(hint: string, type: TensorType): Place {
    const next = (): string => `${hint === "" ? "value" : hint}.${this.temporaries++}`;
    let name = next();
    // A member of a family may be called like that.
    while (this.byName.has(name) || this.reserved.has(name)) name = next();
    return this.named(name, type, { kind: "temporary" });
  }

  /** How a value that stays on the device lies in memory: halves that the target does not store are f32, rounded. */
  lying(type: TensorType): TensorType {
    return isHalf(type.dtype) && !this.storage.includes(type.dtype) ? { ...type, dtype: "f32" } : type;
  }

  /** Keeps a name for an argument or a result that is not there yet. */
  reserve(name: string): void {
    this.reserved.add(name);
  }

  /** Bytes under the capacities. */
  bytes(type: TensorType): number {
    return elementCount(type).evaluate(this.sizes) * bytesOf(type.dtype);
  }
}

/** Whether nobody but kernels reads the buffer. */
function isOurs(kind: BufferKind): boolean {
  return kind === "temporary" || kind === "state";
}

export function rangeOf(place: Place): Range {
  if (place.kind !== "bytes") throw new InternalError(`a ${place.kind} where bytes are needed`);
  return place.range;
}

export function memberOf(place: Place, i: number): Place {
  if (place.kind !== "family") throw new InternalError("a member of something that is no family");
  return defined(place.members[i], `no member ${i}`);
}

export function placeOf(buffer: PlanBuffer): Place {
  return { kind: "bytes", buffer, range: { buffer: buffer.name, offset: 0, bytes: buffer.bytes } };
}

export function samePlace(a: Place, b: Place): boolean {
  return (
    a.kind === "bytes" &&
    b.kind === "bytes" &&
    a.range.buffer === b.range.buffer &&
    a.range.offset === b.range.offset &&
    a.range.bytes === b.range.bytes
  );
}
