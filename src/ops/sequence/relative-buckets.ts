/** relative_buckets: T5's buckets of distances between positions, the index into a learned table of biases. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import type { Attrs, Literal } from "../../ir/ir.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";
import { boolAttr, numberAttr } from "../support/attrs.ts";
import { iota, reshape, scalarConstant } from "../support/emit.ts";
import { integers, vector } from "../support/sample-data.ts";
import { wrongDType, wrongRank } from "../support/shape.ts";
import { operand, resultTensor } from "../support/tensor.ts";

/** A table of all distances is made of the program's numbers: beyond this a config value is a mistake. */
const MOST_DISTANCE = 65_536;

export const relativeBuckets: OpDef = {
  name: "relative_buckets",
  doc:
    "`out[..., t, s]` is the bucket of `d = keys[s] - queries[..., t]`: i32[..., T, S]. Of n buckets (half of all for each " +
    "sign if `bidirectional`; otherwise d > 0 counts as 0), the first n / 2 hold one distance each, the others grow with " +
    "the logarithm up to `max_distance`, and the last holds what is farther. `take(table, relative_buckets(T, T, ...))` " +
    "with a table f[buckets, H], moved to f[H, T, T], is the bias of T5: Raffel et al. 2020, arXiv:1910.10683. Computed in f64.",
  operands: ["queries", "keys"],
  attrs: {
    buckets: { kind: "int", range: { least: 1 }, doc: "How many buckets, of both signs together." },
    max_distance: { kind: "int", range: { least: 1 }, doc: "From this distance on there is one bucket." },
    bidirectional: { kind: "bool", doc: "Whether keys behind the query have buckets of their own." },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [queries, keys] = [operand(operands, 0), operand(operands, 1)];
    const sentence =
      wrongDType("queries", queries, ["i32"]) ?? wrongDType("keys", keys, ["i32"]) ?? wrongRank("keys", keys, 1, "[S]");
    if (sentence !== undefined) return sentence;
    if (queries.dims.length === 0) return `queries is ${typeText(queries)}, and it must be [..., T]`;
    return bucketsSentence(attrs) ?? [tensorType("i32", [...queries.dims, operand(keys.dims, 0)])];
  },
  evaluate(operands, attrs, context) {
    const [queries, keys] = [operand(operands, 0), operand(operands, 1)];
    const out = resultTensor(context);
    let position = 0;
    for (const query of queries.data) for (const key of keys.data) out.data[position++] = bucketOf(key - query, attrs);
    return [out];
  },
  // The distances that differ are few, so the logarithm is taken here and a kernel looks the bucket up.
  decompose(b, operands, attrs) {
    const [queries, keys] = [operand(operands, 0), operand(operands, 1)];
    const most = numberAttr(attrs, "max_distance");
    const data = Array.from({ length: 2 * most + 1 }, (_, i) => bucketOf(i - most, attrs));
    const value: Literal = { kind: "literal", dtype: "i32", dims: [data.length], data };
    const distance = b.emit("sub", [keys, reshape(b, queries, [...queries.type.dims, 1])]);
    // `take` clamps: what is farther than the table reaches is in the bucket of its end.
    const place = b.emit("add", [distance, scalarConstant(b, "i32", most)]);
    return [b.emit("take", [b.emit("constant", [], { value }), place], { axis: 0, batch: 0 })];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => {
    const [B, T, S] = [Dim.symbol("B"), Dim.symbol("T"), Dim.symbol("S")];
    const count = (n: number) => vector("i32", Array.from({ length: n }, (_, i) => i)); // prettier-ignore
    return [
      { label: "one", operands: [vector("i32", [0]), vector("i32", [0])], attrs: { buckets: 1, max_distance: 1, bidirectional: false } },
      { label: "causal, beyond the last bucket", operands: [count(150), count(140)], attrs: { buckets: 32, max_distance: 128, bidirectional: false } },
      { label: "both signs", operands: [count(40), count(37)], types: [tensorType("i32", [T]), tensorType("i32", [S])], symbols: { T: 40, S: 37 }, attrs: { buckets: 8, max_distance: 20, bidirectional: true } },
      { label: "rows of positions", operands: [integers(rng, [2, 3], 0, 60), count(9)], types: [tensorType("i32", [B, T]), tensorType("i32", [S])], symbols: { B: 2, T: 3, S: 9 }, attrs: { buckets: 7, max_distance: 12, bidirectional: false } },
      { label: "a table of few distances", operands: [count(5), count(6)], attrs: { buckets: 4, max_distance: 3, bidirectional: true } },
      { label: "positions far apart", operands: [vector("i32", [0, 1_000_000, 3]), vector("i32", [2, 999_999])], attrs: { buckets: 32, max_distance: 128, bidirectional: true } },
    ]; // prettier-ignore
  },
  surface: {
    params: [
      { name: "queries", kind: "dim", range: { least: 1 }, doc: "How many queries, at 0, 1, 2, ..." },
      { name: "keys", kind: "dim", range: { least: 1 }, doc: "How many keys, at 0, 1, 2, ..." },
      { name: "buckets", kind: "int", range: { least: 1 }, doc: "How many buckets, of both signs together." },
      { name: "max_distance", kind: "int", range: { least: 1 }, doc: "From this distance on there is one bucket." },
      { name: "bidirectional", kind: "bool", doc: "Whether keys behind the query have buckets of their own." },
    ],
    build(b, { queries, keys, buckets, max_distance, bidirectional }) {
      if (!isDim(queries) || !isDim(keys)) throw new InternalError("relative_buckets: a size is no size");
      if (typeof buckets !== "number" || typeof max_distance !== "number" || typeof bidirectional !== "boolean")
        throw new InternalError("relative_buckets: an argument has another kind");
      const attrs = { buckets, max_distance, bidirectional };
      const sentence = bucketsSentence(attrs);
      return sentence ?? b.emit("relative_buckets", [iota(b, queries), iota(b, keys)], attrs);
    },
  },
};

function isDim(arg: unknown): arg is Dim | number {
  return typeof arg === "number" || arg instanceof Dim;
}

/** A sentence unless there are buckets for the near distances, and farther ones for the others. */
function bucketsSentence(attrs: Attrs): string | undefined {
  const [all, most] = [numberAttr(attrs, "buckets"), numberAttr(attrs, "max_distance")];
  if (boolAttr(attrs, "bidirectional") && all % 2 !== 0)
    return `buckets is ${all}, and it must be even: half of them are for each direction`;
  const near = nearDistances(attrs);
  if (most <= near)
    return `max_distance is ${most}, and it must be above ${near}: that many distances have a bucket each`;
  return most > MOST_DISTANCE ? `max_distance is ${most}, and it is at most ${MOST_DISTANCE}` : undefined;
}

/** Buckets of one direction. */
function bucketsEach(attrs: Attrs): number {
  return numberAttr(attrs, "buckets") / (boolAttr(attrs, "bidirectional") ? 2 : 1);
}

/** How many distances have a bucket of their own. */
function nearDistances(attrs: Attrs): number {
  return Math.floor(bucketsEach(attrs) / 2);
}

/** The bucket of a key `distance` positions behind its query. */
function bucketOf(distance: number, attrs: Attrs): number {
  const isBidirectional = boolAttr(attrs, "bidirectional");
  const each = bucketsEach(attrs);
  const first = isBidirectional && distance > 0 ? each : 0;
  const steps = isBidirectional ? Math.abs(distance) : Math.max(0, -distance);
  const near = nearDistances(attrs);
  if (steps < near) return first + steps;
  // With one bucket, or none for near distances, there is nothing to divide by.
  if (near === 0) return first + each - 1;
  const far = Math.log(steps / near) / Math.log(numberAttr(attrs, "max_distance") / near);
  return first + Math.min(each - 1, near + Math.floor(far * (each - near)));
}
