/**
 * An operand of a product on its way through workgroup memory: a panel of some terms x places (rows of the left operand,
 * columns of the right one), as vectors of four neighbouring places, those of one term after those of the one before.
 * The invocations of a workgroup bring it in blocks of four terms x four places: four vector loads along the axis that
 * lies side by side in memory, turned in registers where that is the terms, and four vector stores.
 *
 * Invocations that stand side by side bring blocks that lie side by side in memory. So that what they store at a time
 * lies in different banks of workgroup memory, a vector's place among its neighbours is swizzled by the number of its
 * block along the terms; vectors of one term stay neighbours, so that reading them meets no conflict either.
 */
import { elementBytes } from "../../../src/kernel/ir.ts";
import type { Buffer, KValue } from "../../../src/kernel/ir.ts";
import type { Dim } from "../../../src/support/dim.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { edge } from "./edge.ts";
import type { Emission } from "./schedule.ts";
import { isMultiple } from "./tiled-product.ts";

/** Bytes of 32 banks. */
const BANKS = 128;

/** How an operand is read. */
export interface PanelSource {
  /** The element at a place and a term; a vector where one of them has a lane. */
  readonly element: (place: LinearIndex, term: LinearIndex) => KValue;
  /** What lies side by side in memory. */
  readonly along: "places" | "terms";
  /** How many there are of each. */
  readonly places: Dim;
  readonly terms: Dim;
  /** The number of this workgroup's panel along the places. */
  readonly number: KValue;
}

/** What lies in workgroup memory: f16 where that holds all elements of the operands. */
export type PanelElement = "f32" | "f16";

export interface Panel {
  readonly source: PanelSource;
  readonly buffer: Buffer;
  /** Vectors of places. */
  readonly pieces: number;
  /** A multiple of four. */
  readonly terms: number;
  /** Blocks of four terms x four places. */
  readonly blocks: number;
}

export function panelOf(
  { builder }: Emission,
  name: string,
  source: PanelSource,
  pieces: number,
  terms: number,
  element: PanelElement,
): Panel {
  const buffer = builder.local(name, "workgroup", element, pieces * terms, LANES);
  return { source, buffer, pieces, terms, blocks: (pieces * terms) / LANES };
}

/** Stores block `block` of the panel of terms number `step`. Beyond the last term there are zeros, beyond the last place
 * copies of it. */
export function bringBlock(emission: Emission, panel: Panel, block: KValue, step: KValue): void {
  const { builder, emitter } = emission;
  const { source, pieces, terms } = panel;
  const fours = terms / LANES;
  const isAlongPlaces = source.along === "places";
  const inner = emitter.i32(isAlongPlaces ? pieces : fours);
  const [first, second] = [emitter.binary("rem", block, inner), emitter.binary("div", block, inner)];
  const [piece, four] = isAlongPlaces ? [first, second] : [second, first];
  const numberOf = (of: KValue, each: number, offset: KValue): KValue => emitter.binary("add", emitter.binary("mul", of, emitter.i32(each)), offset); // prettier-ignore
  const rows = fourOf(emission, numberOf(source.number, pieces, piece), source.places, pieces * LANES);
  const columns = fourOf(emission, numberOf(step, fours, four), source.terms, terms);
  turned(emission, source, rows, columns).forEach((vector, j) =>
    builder.store(panel.buffer, addressOf(emission, panel, piece, four, j), vector),
  );
}

/** Four places of the panel, number `piece`, at term `j` of the block number `four` along the terms. */
export function panelVector(emission: Emission, panel: Panel, piece: KValue, four: KValue, j: number): KValue {
  const { builder, emitter } = emission;
  return emitter.define(builder.load(panel.buffer, addressOf(emission, panel, piece, four, j)));
}

/** Four neighbouring indices along one axis, each of them inside. */
interface Four {
  readonly at: (i: number) => LinearIndex;
  /** Whether it was inside before; absent where that is certain. */
  readonly isInside: (i: number) => KValue | undefined;
  /** All of them as a vector, where they are inside together. */
  readonly whole?: LinearIndex;
}

function fourOf(emission: Emission, number: KValue, count: Dim, panelSize: number): Four {
  const { emitter } = emission;
  const fours = count.div(LANES);
  if (fours !== undefined) {
    const { read, isInside } = edge(emission, number, fours, isMultiple(count, panelSize));
    const first = read.scale(LANES);
    const whole = first.add(LinearIndex.atom({ kind: "lane" }));
    return { at: (i) => first.add(i), isInside: () => isInside, whole };
  }
  const first = emitter.binary("mul", number, emitter.i32(LANES));
  const each = Array.from({ length: LANES }, (_, i) =>
    edge(emission, emitter.binary("add", first, emitter.i32(i)), count, false),
  );
  return { at: (i) => each[i]?.read ?? LinearIndex.of(0), isInside: (i) => each[i]?.isInside };
}

/** The block as four vectors of places, one a term. */
function turned({ emitter }: Emission, source: PanelSource, places: Four, terms: Four): readonly KValue[] {
  const masked = (value: KValue, isInside: KValue | undefined): KValue =>
    isInside === undefined ? value : emitter.select(isInside, value, emitter.f32(0));
  const each = [0, 1, 2, 3] as const;
  const { whole } = source.along === "places" ? places : terms;
  if (whole === undefined)
    return each.map((j) =>
      emitter.vector(each.map((i) => masked(source.element(places.at(i), terms.at(j)), terms.isInside(j)))),
    );
  if (source.along === "places")
    return each.map((j) => emitter.widen(masked(source.element(whole, terms.at(j)), terms.isInside(j)), LANES));
  const lines = each.map((i) => emitter.widen(masked(source.element(places.at(i), whole), terms.isInside(0)), LANES));
  return each.map((j) => emitter.vector(lines.map((line) => emitter.extract(line, j))));
}

/** Where a vector of places lies in the panel. */
function addressOf(
  { emitter }: Emission,
  { buffer, pieces, terms }: Panel,
  piece: KValue,
  four: KValue,
  j: number,
): KValue {
  const { stride, neighbours } = swizzleOf(pieces, terms, BANKS / (LANES * elementBytes(buffer.element)));
  const turn = emitter.binary("mul", four, emitter.i32(stride));
  const within = (stride * terms) / LANES > neighbours ? emitter.binary("rem", turn, emitter.i32(neighbours)) : turn;
  const place = neighbours === 1 ? piece : emitter.binary("xor", piece, within);
  const line = emitter.binary("mul", four, emitter.i32(LANES * pieces));
  return emitter.binary("add", emitter.binary("add", line, place), emitter.i32(j * pieces));
}

/** A piece is exchanged with one of its `neighbours` (a power of two that divides their number, at most the vectors of all
 * banks), `stride` further for each block along the terms. */
function swizzleOf(
  pieces: number,
  terms: number,
  vectors: number,
): { readonly stride: number; readonly neighbours: number } {
  let neighbours = 1;
  while (neighbours < vectors && pieces % (2 * neighbours) === 0) neighbours *= 2;
  return { stride: Math.max(1, 2 ** Math.floor(Math.log2((neighbours * LANES) / terms))), neighbours };
}
