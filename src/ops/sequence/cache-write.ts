/** cache_write: the keys or values of new tokens put into the cache, each row at its own position. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { uniform, vector } from "../support/sample-data.ts";
import { ANY_DTYPE, butText, wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";

export const cacheWrite: OpDef = {
  name: "cache_write",
  doc:
    "`out[b, g, pos[b] + t, d] = new[b, g, t, d]` for `t < count[b]`; the rest is as in `cache`. Positions outside " +
    "0..S - 1 are not written. cache: [B, G, S, D], new: [B, G, T, D], pos and count: i32[B].",
  operands: ["cache", "new", "pos", "count"],
  attrs: {},
  traits: ["pure"],
  infer(operands) {
    const [cache, fresh] = [operand(operands, 0), operand(operands, 1)];
    const [pos, count] = [operand(operands, 2), operand(operands, 3)];
    const sentence =
      wrongRank("cache", cache, 4, "[B, G, S, D]") ??
      wrongRank("new", fresh, 4, "[B, G, T, D]") ??
      wrongDType("cache", cache, ANY_DTYPE) ??
      wrongDType("pos", pos, ["i32"]) ??
      wrongDType("count", count, ["i32"]) ??
      wrongRank("pos", pos, 1, "[B]") ??
      wrongRank("count", count, 1, "[B]");
    if (sentence !== undefined) return sentence;
    const isMatch = [0, 1, 3].every((axis) => operand(cache.dims, axis).equals(operand(fresh.dims, axis)));
    if (!isMatch || cache.dtype !== fresh.dtype) return butText("cache", cache, "new", fresh);
    const rows = operand(cache.dims, 0);
    if (!operand(pos.dims, 0).equals(rows)) return butText("cache", cache, "pos", pos);
    return operand(count.dims, 0).equals(rows) ? [cache] : butText("cache", cache, "count", count);
  },
  evaluate(operands, _attrs, context) {
    const [cache, fresh] = [operand(operands, 0), operand(operands, 1)];
    const [pos, count] = [operand(operands, 2), operand(operands, 3)];
    const out = resultTensor(context);
    out.data.set(cache.data);
    const [B, G, S, D] = [at(cache.dims, 0), at(cache.dims, 1), at(cache.dims, 2), at(cache.dims, 3)];
    const T = at(fresh.dims, 2);
    for (let b = 0; b < B; b++)
      for (let t = 0; t < Math.min(T, at(count.data, b)); t++) {
        const s = at(pos.data, b) + t;
        if (s < 0 || s >= S) continue;
        for (let g = 0; g < G; g++)
          for (let d = 0; d < D; d++)
            out.data[((b * G + g) * S + s) * D + d] = at(fresh.data, ((b * G + g) * T + t) * D + d);
      }
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => {
    const [B, T, S] = [Dim.symbol("B"), Dim.symbol("T"), Dim.symbol("S")];
    return [
      {
        label: "one",
        operands: [uniform(rng, [1, 1, 1, 1]), uniform(rng, [1, 1, 1, 1]), vector("i32", [0]), vector("i32", [1])],
        attrs: {},
      },
      {
        label: "ragged, one row idle",
        operands: [
          uniform(rng, [3, 2, 9, 5]),
          uniform(rng, [3, 2, 4, 5]),
          vector("i32", [0, 3, 7]),
          vector("i32", [4, 2, 0]),
        ],
        types: [
          tensorType("f32", [B, 2, S, 5]),
          tensorType("f32", [B, 2, T, 5]),
          tensorType("i32", [B]),
          tensorType("i32", [B]),
        ],
        symbols: { B: 3, T: 4, S: 9 },
        attrs: {},
      },
      {
        label: "past the end, beyond a workgroup",
        operands: [uniform(rng, [1, 2, 20, 8]), uniform(rng, [1, 2, 20, 8]), vector("i32", [17]), vector("i32", [20])],
        attrs: {},
      },
    ];
  },
};
