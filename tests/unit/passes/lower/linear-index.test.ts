/** Index algebra: what must vanish, and what looks alike and must stay. */
import { describe, expect, it } from "vitest";
import { flatten, unflatten } from "../../../../passes/lower/flat-index.ts";
import { LinearIndex, isAtLeastZero } from "../../../../passes/lower/linear-index.ts";
import { I32 } from "../../../../src/kernel/ir.ts";
import { Dim } from "../../../../src/support/dim.ts";

let leaves = 0;
const leaf = (extent: Dim | number): LinearIndex =>
  LinearIndex.atom({ kind: "leaf", id: leaves++, value: { type: I32, name: "" }, extent: Dim.of(extent) });
const lane = LinearIndex.atom({ kind: "lane" });
const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
const of = (x: number): Dim => Dim.of(x);

describe("linear index", () => {
  it("splits a row number and joins it again", () => {
    const row = leaf(B.mul(T));
    const [b, t] = unflatten(row, [B, T]) as [LinearIndex, LinearIndex];
    expect(flatten([b, t, leaf(1)], [B, T, of(1)]).key).toBe(row.key);
    expect(flatten([t, b], [T, B]).key).not.toBe(row.key);
  });

  it("divides what is known to divide, and only that", () => {
    const [x, y] = [leaf(100), leaf(16)];
    const sum = x.scale(16).add(y);
    expect(sum.quotient(of(16)).key).toBe(x.key);
    expect(sum.remainder(of(16)).key).toBe(y.key);
    const wide = x.scale(16).add(leaf(17));
    expect(wide.quotient(of(16)).key).not.toBe(x.key);
  });

  it("keeps a lane in front of a division by a multiple of four", () => {
    const j = leaf(1000);
    const index = j.scale(4).add(lane);
    expect(index.remainder(of(64)).laneStride()?.equals(1)).toBe(true);
    expect(index.quotient(of(64)).hasLane()).toBe(false);
    expect(index.remainder(of(6)).laneStride()).toBeUndefined();
  });

  it("makes a reshape of heads linear again", () => {
    const [h, d] = [leaf(3), leaf(8)];
    const flat = flatten([h, d], [of(3), of(8)]);
    expect(unflatten(flat, [of(24)]).map(({ key }) => key)).toEqual([flat.key]);
    expect(unflatten(flat, [of(3), of(8)]).map(({ key }) => key)).toEqual([h.key, d.key]);
  });

  it("puts a lane in, also inside a division", () => {
    const index = leaf(10).scale(3).add(lane).quotient(of(5));
    expect(index.atLane(2).hasLane()).toBe(false);
    expect(LinearIndex.of(7).add(lane).atLane(2).asDim()?.asNumber()).toBe(9);
  });

  it("knows what is never negative for sizes of at least 1", () => {
    expect(isAtLeastZero(T.sub(1))).toBe(true);
    expect(isAtLeastZero(T.sub(2))).toBe(false);
    expect(isAtLeastZero(B.mul(T).sub(T))).toBe(true);
  });
});
