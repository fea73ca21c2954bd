/** `infer`: each wrong use gives a sentence that names the shapes; beside it stands a near miss that is right. */
import { expect, test } from "vitest";
import { completeAttrs } from "../../../src/ir/builder.ts";
import type { Attrs } from "../../../src/ir/ir.ts";
import { tensorType, typeText } from "../../../src/ir/type.ts";
import type { DType, TensorType } from "../../../src/ir/type.ts";
import { OP_LIST } from "../../../src/ops/index.ts";
import { Dim } from "../../../src/support/dim.ts";
import { record } from "./run.ts";

const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];

function infer(name: string, operands: readonly (TensorType | null)[], attrs: Attrs = {}): string {
  const def = record(name);
  const inferred = def.infer(operands, completeAttrs(def, attrs));
  return typeof inferred === "string" ? inferred : inferred.map(typeText).join(" and ");
}

/** `f32[B, T, 48]` as a type. */
function t(text: string): TensorType {
  const match = /^(\w+)\[(.*)\]$/.exec(text);
  const sizes = (match?.[2] ?? "").split(", ").filter((size) => size !== "");
  const dims = sizes.map((size) => (/^\d+$/.test(size) ? Number(size) : Dim.symbol(size)));
  return tensorType(match?.[1] as DType, dims);
}

test.each<readonly [string, readonly (string | null)[], Attrs, string]>([
  ["add", ["f32[B, T, 48]", "f32[48]"], {}, "f32[B, T, 48]"],
  ["add", ["f32[B, T, 48]", "f32[64]"], {}, "x is f32[B, T, 48] but y is f32[64]"],
  ["add", ["f32[T]", "f32[B]"], {}, "x is f32[T] but y is f32[B]"],
  ["reshape", ["f32[8]"], { shape: [Dim.of(2), Dim.of(4)] }, "f32[2, 4]"],
  ["reshape", ["f32[8]"], { shape: [Dim.of(-2), Dim.of(-4)] }, "the result would be f32[-2, -4]: a size is not negative"],
  ["add", ["f32[3, 1]", "f32[1, 5]"], {}, "f32[3, 5]"],
  ["add", ["f32[3]", "f16[3]"], {}, "x is f32[3] but y is f16[3]: the element types differ, and nothing is converted without a `cast`"],
  ["sub", ["bool[3]", "bool[3]"], {}, "x is bool[3], and its element type must be f32, f16, bf16, f64, i32 or u32"],
  ["exp", ["i32[3]"], {}, "x is i32[3], and its element type must be f32, f16, bf16 or f64"],
  ["lt", ["f32[3]", "f32[]"], {}, "bool[3]"],
  ["and", ["i32[3]", "i32[3]"], {}, "x is i32[3], and its element type must be bool"],
  ["select", ["bool[T, T]", "f32[B, T, T]", "f32[]"], {}, "f32[B, T, T]"],
  ["select", ["i32[3]", "f32[3]", "f32[3]"], {}, "condition is i32[3], and it must be bool"],
  ["select", ["bool[3]", "f32[3]", "i32[3]"], {}, "when_true is f32[3] but when_false is i32[3]"],
  ["cast", ["i32[3]"], { dtype: "f32" }, "f32[3]"],
  ["sum", ["f32[B, T, 4]"], { axis: 1 }, "f32[B, 4]"],
  ["sum", ["f32[B, T, 4]"], { axis: -1, keep: true }, "f32[B, T, 1]"],
  ["sum", ["f32[B, T, 4]"], { axis: 3 }, "there is no axis 3: x is f32[B, T, 4]"],
  ["argmax", ["f32[B, 4]"], {}, "i32[B]"],
  ["argmax", ["f32[]"], {}, "there is no axis -1: x is f32[]"],
  ["reshape", ["f32[B, T, 6]"], { shape: [B, T, 2, 3] }, "f32[B, T, 2, 3]"],
  ["reshape", ["f32[B, T, 6]"], { shape: [B, T, 2, 4] }, "x is f32[B, T, 6] with 6*B*T elements, but shape [B, T, 2, 4] has 8*B*T"],
  ["transpose", ["f32[2, 3]"], { perm: [1, 0] }, "f32[3, 2]"],
  ["transpose", ["f32[2, 3]"], { perm: [0, 0] }, "perm is [0, 0], and x is f32[2, 3]: each of its axes must occur once"],
  ["broadcast", ["f32[T, 1]"], { shape: [B, T, 5] }, "f32[B, T, 5]"],
  ["broadcast", ["f32[4, 5]"], { shape: [4, 1] }, "x is f32[4, 5], which does not stretch to [4, 1]"],
  ["slice", ["f32[B, T, 5]"], { axis: 1, start: T.sub(1), end: T }, "f32[B, 1, 5]"],
  ["slice", ["f32[4]"], { axis: 0, start: 2, end: 5 }, "the range 2 to 5 is not inside axis 0: x is f32[4]"],
  ["slice", ["f32[4]"], { axis: 0, start: 4, end: 4 }, "f32[0]"],
  ["pad", ["f32[T]"], { axis: 0, before: 3, after: 0 }, "f32[T + 3]"],
  ["pad", ["f32[T]"], { axis: 0, before: -1, after: 0 }, "x is f32[T], and padding by -1 and 0 would make it shorter; that is `slice`"],
  ["concat", ["f32[T, 2]", "f32[1, 2]"], { axis: 0 }, "f32[T + 1, 2]"],
  ["concat", ["f32[T, 2]", "f32[1, 3]"], { axis: 0 }, "operand 1 is f32[T, 2] but operand 2 is f32[1, 3]: only axis 0 may differ"],
  ["concat", ["f32[3]", "f32[]"], { axis: 0 }, "operand 1 is f32[3] but operand 2 is f32[]: only axis 0 may differ"],
  ["matmul", ["f32[B, T, 8]", "f32[5, 8]"], { transpose_b: true }, "f32[B, T, 5]"],
  ["matmul", ["f32[B, T, 8]", "f32[5, 8]"], {}, "a is f32[B, T, 8] but b is f32[5, 8]: the summed sizes 8 and 5 differ"],
  ["matmul", ["f32[2, 3, 4]", "f32[3, 4, 5]"], {}, "a is f32[2, 3, 4] but b is f32[3, 4, 5]: the axes before the last two do not match"],
  ["matmul", ["f32[4]", "f32[4, 5]"], {}, "a is f32[4], and a matrix has at least two axes"],
  ["take", ["f32[9, 5]", "i32[B, T]"], {}, "f32[B, T, 5]"],
  ["take", ["f32[B, T, 9]", "i32[B, T]"], { axis: 2, batch: 2 }, "f32[B, T]"],
  ["take", ["f32[B, T, 9]", "i32[T, B]"], { axis: 2, batch: 2 }, "x is f32[B, T, 9] but index is i32[T, B]: the first 2 axes must be equal and lie before axis 2"],
  ["take", ["f32[9, 5]", "f32[3]"], {}, "index is f32[3], and its element type must be i32 or u32"],
  ["embedding", ["f32[9]", "i32[T]"], {}, "weight is f32[9], with 1 axis, and it must be [V, C]"],
  ["one_hot", ["i32[B, T]"], { size: 7 }, "f32[B, T, 7]"],
  ["rms_norm", ["f32[B, T, 48]", "f32[48]"], {}, "f32[B, T, 48]"],
  ["rms_norm", ["f32[B, T, 48]", "f32[64]"], {}, "x is f32[B, T, 48] but weight is f32[64]"],
  ["layer_norm", ["f32[T, 4]", "f32[4]", "f32[3]"], {}, "x is f32[T, 4] but bias is f32[3]"],
  ["layer_norm", ["f32[T, 4]", "f32[4]"], {}, "f32[T, 4]"],
  ["cross_entropy", ["f32[B, T, 9]", "i32[B, T]"], {}, "f32[B, T]"],
  ["cross_entropy", ["f32[B, T, 9]", "i32[B]"], {}, "logits is f32[B, T, 9] but targets is i32[B]: logits have the targets' axes and one more, the vocabulary"],
  ["rope", ["f32[B, 3, T, 4]", "i32[T]"], { frequencies: [1, 0.1] }, "f32[B, 3, T, 4]"],
  ["rope", ["f32[B, 3, T, 4]", "i32[3]"], { frequencies: [1] }, "x is f32[B, 3, T, 4] but positions is i32[3]: positions are [T] or [B, T]"],
  ["rope", ["f32[B, 3, T, 4]", "i32[T]"], { frequencies: [1, 1, 1] }, "x is f32[B, 3, T, 4], and 6 of its 4 channels cannot be rotated"],
  ["attention", ["f32[B, 6, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 4]"], { mask: "causal", scale: 1 }, "f32[B, 6, T, 4]"],
  ["attention", ["f32[B, 6, T, 8]", "f32[B, 4, S, 8]", "f32[B, 4, S, 8]"], { mask: "causal", scale: 1 }, "q is f32[B, 6, T, 8] but k is f32[B, 4, S, 8]: 6 heads are no multiple of 4 key heads"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 4]", "f32[B, 2, S, 8]"], { mask: "full", scale: 1 }, "q is f32[B, 2, T, 8] but k is f32[B, 2, S, 4]: rows, channels and element type must be equal"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", "i32[B]"], { mask: "full", scale: 1 }, "offset has no meaning where mask is full; it needs mask: causal"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", "i32[T]"], { mask: "causal", scale: 1 }, "q is f32[B, 2, T, 8] but offset is i32[T]"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, "i32[B]"], { mask: "causal", scale: 1 }, "f32[B, 2, T, 8]"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, "i32[]"], { mask: "full", scale: 1 }, "window has no meaning where mask is full; it needs mask: causal, and a window on both sides is a bias: select(abs(reshape(iota(T), [T, 1]) - iota(T)) <= 64, 0.0, -1e9)"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, "i32[B]"], { mask: "full", scale: 1 }, "prefix has no meaning where mask is full; it needs mask: causal"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, "f32[B]"], { mask: "causal", scale: 1 }, "prefix is f32[B], and its element type must be i32"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, "f32[2, T, S]", "f32[2]", "f32[2]"], { mask: "full", scale: 1 }, "f32[B, 2, T, 8]"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, "f32[B, 1, 1, S]"], { mask: "full", scale: 1 }, "f32[B, 2, T, 8]"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, "f32[2, S, T]"], { mask: "full", scale: 1 }, "bias is f32[2, S, T], and it must broadcast to the scores, which are [B, 2, T, S]"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, "f32[3, B, 2, T, S]"], { mask: "full", scale: 1 }, "bias is f32[3, B, 2, T, S], and it must broadcast to the scores, which are [B, 2, T, S]"],
  ["attention_part", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 4]"], { mask: "full", scale: 1, chunk: 4, chunks: 3 }, "f32[B, 2, T, 3, 4] and f32[B, 2, T, 3] and f32[B, 2, T, 3]"],
  ["attention_part", ["f32[B, 2, T, 8]", "f32[B, 2, 12, 8]", "f32[B, 2, 12, 8]"], { mask: "full", scale: 1, chunk: 4, chunks: 3 }, "f32[B, 2, T, 3, 8] and f32[B, 2, T, 3] and f32[B, 2, T, 3]"],
  ["attention_part", ["f32[B, 2, T, 8]", "f32[B, 2, 13, 8]", "f32[B, 2, 13, 8]"], { mask: "full", scale: 1, chunk: 4, chunks: 3 }, "k is f32[B, 2, 13, 8], and 3 chunks of 4 hold no 13 keys"],
  ["attention_part", ["f16[B, 2, T, 8]", "f16[B, 2, S, 8]", "f16[B, 2, S, 8]"], { mask: "full", scale: 1, chunk: 4, chunks: 3 }, "q is f16[B, 2, T, 8], and its element type must be f32"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, "f16[T, S]"], { mask: "full", scale: 1 }, "bias is f16[T, S], and its element type must be f32"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, null, "f32[4]"], { mask: "causal", scale: 1 }, "q is f32[B, 2, T, 8] but slopes is f32[4]: it must have one number for each of the 2 heads"],
  ["attention", ["f32[B, 2, T, 8]", "f32[B, 2, S, 8]", "f32[B, 2, S, 8]", null, null, null, null, null, null, "f32[2, 1]"], { mask: "causal", scale: 1 }, "sinks is f32[2, 1], with 2 axes, and it must be [H]"],
  ["relative_buckets", ["i32[B, T]", "i32[S]"], { buckets: 8, max_distance: 5, bidirectional: true }, "i32[B, T, S]"],
  ["relative_buckets", ["i32[]", "i32[S]"], { buckets: 8, max_distance: 5, bidirectional: true }, "queries is i32[], and it must be [..., T]"],
  ["relative_buckets", ["i32[T]", "i32[B, S]"], { buckets: 8, max_distance: 5, bidirectional: true }, "keys is i32[B, S], with 2 axes, and it must be [S]"],
  ["relative_buckets", ["f32[T]", "i32[S]"], { buckets: 8, max_distance: 5, bidirectional: true }, "queries is f32[T], and its element type must be i32"],
  ["relative_buckets", ["i32[T]", "i32[S]"], { buckets: 7, max_distance: 5, bidirectional: true }, "buckets is 7, and it must be even: half of them are for each direction"],
  ["relative_buckets", ["i32[T]", "i32[S]"], { buckets: 7, max_distance: 5, bidirectional: false }, "i32[T, S]"],
  ["relative_buckets", ["i32[T]", "i32[S]"], { buckets: 8, max_distance: 4, bidirectional: false }, "max_distance is 4, and it must be above 4: that many distances have a bucket each"],
  ["relative_buckets", ["i32[T]", "i32[S]"], { buckets: 8, max_distance: 65537, bidirectional: false }, "max_distance is 65537, and it is at most 65536"],
  ["cache_write", ["f32[B, 2, S, 8]", "f32[B, 2, T, 8]", "i32[B]", "i32[B]"], {}, "f32[B, 2, S, 8]"],
  ["cache_write", ["f32[B, 2, S, 8]", "f32[B, 3, T, 8]", "i32[B]", "i32[B]"], {}, "cache is f32[B, 2, S, 8] but new is f32[B, 3, T, 8]"],
  ["cache_write", ["f32[B, 2, S, 8]", "f32[B, 2, T, 8]", "i32[T]", "i32[B]"], {}, "cache is f32[B, 2, S, 8] but pos is i32[T]"],
  ["rem", ["i32[T]", "i32[]"], {}, "i32[T]"],
  ["rem", ["f32[T]", "f32[]"], {}, "x is f32[T], and its element type must be i32 or u32"],
  ["shift_left", ["u32[T]", "i32[]"], {}, "x is u32[T] but by is i32[]: the element types differ, and nothing is converted without a `cast`"],
  ["bit_not", ["bool[3]"], {}, "x is bool[3], and its element type must be i32 or u32"],
  ["random_normal", ["u32[]", "u32[]", "u32[B, 1]", "u32[T]"], {}, "f32[B, T]"],
  ["dropout", ["f32[T]", "u32[]", "u32[]", "u32[]", "u32[T]"], { p: 0.5 }, "f32[T]"],
  ["dropout", ["f32[T]", "u32[]", "u32[]", "u32[]", "i32[T]"], { p: 0.5 }, "index is i32[T], and its element type must be u32"],
  ["dropout", ["f32[T]", "u32[]", "u32[]", "u32[]", "u32[T]"], { p: 1 }, "p is 1, and it must be at least 0 and below 1"],
  ["flip", ["f32[B, T]"], { axis: -1 }, "f32[B, T]"],
  ["flip", ["f32[B, T]"], { axis: 2 }, "there is no axis 2: x is f32[B, T]"],
  ["split", ["f32[T, 8]"], { sizes: [5, 3], axis: 1 }, "f32[T, 5] and f32[T, 3]"],
  ["split", ["f32[T, 8]"], { sizes: [5, 4], axis: 1 }, "x is f32[T, 8], and the sizes [5, 4] make 9 elements along axis 1"],
  ["split", ["f32[T, 8]"], { sizes: [], axis: 1 }, "sizes is empty, and there must be at least one part"],
  ["split", ["f32[8]"], { sizes: [9, -1], axis: 0 }, "the result would be f32[-1]: a size is not negative"],
  ["gather", ["f32[B, 9]", "i32[B, 2]"], {}, "f32[B, 2]"],
  ["gather", ["f32[B, 9]", "i32[2]"], {}, "x is f32[B, 9] but index is i32[2]: index has the axes of x, and only axis 1 may differ"],
  ["gather", ["f32[B, 9]", "f32[B, 2]"], {}, "index is f32[B, 2], and its element type must be i32 or u32"],
  ["embedding_bag", ["f32[9, 4]", "i32[B, T, 5]", "i32[B, T]"], {}, "f32[B, T, 4]"],
  ["embedding_bag", ["f32[9, 4]", "i32[B, T, 5]", "i32[B]"], {}, "tokens is i32[B, T, 5] but lengths is i32[B]: lengths are i32, one for each bag"],
  ["embedding_bag", ["f32[9, 4]", "i32[]"], {}, "tokens is a single number, and it must be [..., N]"],
  ["group_norm", ["f32[B, 8, T]", "f32[8]"], { groups: 2 }, "f32[B, 8, T]"],
  ["group_norm", ["f32[B, 8, T]", "f32[8]"], { groups: 3 }, "x is f32[B, 8, T], and its 8 channels do not divide into 3 groups"],
  ["group_norm", ["f32[B, T, 8]", "f32[8]"], { groups: 1 }, "x is f32[B, T, 8], and its T channels do not divide into 1 groups"],
  ["group_norm", ["f32[B, 8, T]", "f32[8]", "f32[4]"], { groups: 2 }, "x is f32[B, 8, T] but bias is f32[4]"],
  ["group_norm", ["f32[8]", "f32[8]"], { groups: 2 }, "x is f32[8], and it must be [N, C, ...]"],
  ["conv2d", ["f32[B, 3, 9, 8]", "f32[5, 3, 3, 3]", "f32[5]"], { stride: [2, 1], padding: [1] }, "f32[B, 5, 5, 8]"],
  ["conv2d", ["f32[B, 4, 9, 8]", "f32[6, 2, 3, 3]"], { groups: 2 }, "f32[B, 6, 7, 6]"],
  ["conv2d", ["f32[B, 3, T, 8]", "f32[5, 3, 1, 2]"], {}, "f32[B, 5, T, 7]"],
  ["conv2d", ["f32[B, 3, T, 8]", "f32[5, 3, 2, 2]"], { stride: [2] }, "x is f32[B, 3, T, 8], and the stride 2 does not divide its size T along axis 2"],
  ["conv2d", ["f32[B, 4, 9, 8]", "f32[6, 4, 3, 3]"], { groups: 2 }, "x is f32[B, 4, 9, 8] but weight is f32[6, 4, 3, 3]: the weight takes 4 channels, in each of 2 groups, and x has 4"],
  ["conv2d", ["f32[B, 4, 9, 8]", "f32[5, 2, 3, 3]"], { groups: 2 }, "weight is f32[5, 2, 3, 3], and its 5 outputs do not divide into 2 groups"],
  ["conv2d", ["f32[3, 9, 8]", "f32[5, 3, 3, 3]"], {}, "x is f32[3, 9, 8], with 3 axes, and it must be [N, C, H, W]"],
  ["conv2d", ["f32[B, 3, 9, 8]", "f32[5, 3, 3, 3]", "f32[3]"], {}, "weight is f32[5, 3, 3, 3] but bias is f32[3]"],
  ["conv2d", ["f32[B, 3, 9, 8]", "f32[5, 3, 3, 3]"], { padding: [1, 2, 3] }, "padding is [1, 2, 3], and it must be one or two ints that are at least 0"],
  ["cumsum", ["f32[B, T, 4]"], { axis: 1 }, "f32[B, T, 4]"],
  ["cumsum", ["f32[B, T, 4]"], { axis: -4 }, "there is no axis -4: x is f32[B, T, 4]"],
  ["cumsum", ["bool[4]"], {}, "x is bool[4], and its element type must be f32, f16, bf16, f64, i32 or u32"],
  ["argsort", ["f32[B, T]"], {}, "i32[B, T]"],
  ["argsort", ["f32[]"], {}, "there is no axis -1: x is f32[]"],
  ["sort", ["u32[B, 4]"], { descending: true }, "u32[B, 4]"],
  ["sort", ["bool[4]"], {}, "x is bool[4], and its element type must be f32, f16, bf16, f64, i32 or u32"],
  ["topk", ["f32[B, T, 8]"], { k: 2 }, "f32[B, T, 2]"],
  ["topk", ["f32[B, T, 8]"], { k: 9 }, "x is f32[B, T, 8], with 8 along axis -1, and k is 9"],
  ["topk_indices", ["f32[8, T]"], { k: 8, axis: 0 }, "i32[8, T]"],
  ["topk_indices", ["f32[8, T]"], { k: 2 }, "x is f32[8, T], and the size of axis -1 must be a number"],
  ["topk_indices", ["f32[8]"], { k: 2, axis: 1 }, "there is no axis 1: x is f32[8]"],
  ["scatter_add", ["f32[9, 5]", "i32[B, T]", "f32[B, T, 5]"], {}, "f32[9, 5]"],
  ["scatter_add", ["f32[9, 5]", "i32[B, T]", "f32[B, T, 4]"], {}, "updates is f32[B, T, 4], and with x f32[9, 5] and index i32[B, T] it must be f32[B, T, 5]"],
  ["scatter_add", ["f32[9, 5]", "i32[T]", "i32[T, 5]"], {}, "updates is i32[T, 5], and with x f32[9, 5] and index i32[T] it must be f32[T, 5]"],
  ["scatter_add", ["f32[9]", "u32[T]", "f32[T]"], {}, "index is u32[T], and its element type must be i32"],
  ["scatter_add", ["f32[B, T, 9]", "i32[B, T, 2]", "f32[B, T, 2]"], { axis: 2, batch: 2 }, "f32[B, T, 9]"],
  ["scatter_add", ["f32[B, T, 9]", "i32[T, B, 2]", "f32[B, T, 2]"], { axis: 2, batch: 2 }, "x is f32[B, T, 9] but index is i32[T, B, 2]: the first 2 axes must be equal and lie before axis 2"],
  ["sample", ["f32[B, 9]", "f32[]", "i32[]", "f32[]", "f32[]", "u32[]", "u32[]"], {}, "i32[B]"],
  ["sample", ["f32[B, 9]", "f32[]", "f32[]", "f32[]", "f32[]", "u32[]", "u32[]"], {}, "top_k is f32[], and its element type must be i32"],
  ["penalize", ["f32[B, 9]", "i32[B, 9]", "f32[9]", "f32[]", "f32[1]", "f32[]"], {}, "f32[B, 9]"],
  ["penalize", ["f32[B, 9]", "f32[B, 9]", "f32[9]", "f32[]", "f32[]", "f32[]"], {}, "counts is f32[B, 9], and its element type must be i32"],
  ["sample", ["f32[B, T, 9]", "f32[]", "i32[]", "f32[]", "f32[]", "u32[]", "u32[]"], {}, "logits is f32[B, T, 9], with 3 axes, and it must be [B, V]"],
  ["iota", [], { shape: [B, T], axis: 1 }, "i32[B, T]"],
  ["iota", [], { shape: [B, T], axis: 2 }, "there is no axis 2: shape is [B, T]"],
])("%s of %j %j", (name, operands, attrs, expected) => {
  expect(infer(name, operands.map((type) => (type === null ? null : t(type))), attrs)).toBe(expected);
}); // prettier-ignore

test("a constant's literal has as many elements as its dims say", () => {
  const value = { kind: "literal", dtype: "f32", dims: [2, 3], data: [1, 2, 3, 4, 5, 6] } as const;
  expect(infer("constant", [], { value })).toBe("f32[2, 3]");
  expect(infer("constant", [], { value, family: 2 })).toBe("2 x f32[3]");
  expect(infer("constant", [], { value, family: 3 })).toContain("a family of 3");
  expect(infer("constant", [], { value: { ...value, data: [1] } })).toBe(
    "value has 1 elements, and its dims are [2, 3]",
  );
});

test("the number of operands is checked before anything else", () => {
  expect(infer("add", [t("f32[3]")])).toBe("add needs its operand y (x, y)");
  expect(infer("exp", [t("f32[3]"), t("f32[3]")])).toBe("exp takes 1 operand (x), and 2 are given");
  expect(infer("concat", [], { axis: 0 })).toBe("concat needs its operand x (x...)");
  expect(infer("layer_norm", [t("f32[3]"), t("f32[3]"), null])).toBe("f32[3]");
});

test("no op takes a family apart", () => {
  const family = tensorType("f32", [3], 30);
  expect(infer("exp", [family])).toBe("x is 30 x f32[3], a family, which only a `repeat` takes apart");
  expect(infer("layer_norm", [t("f32[3]"), t("f32[3]"), family])).toContain("bias is 30 x f32[3]");
});

test("no infer throws on operands of odd types", () => {
  const odd = [t("bool[]"), t("i32[0]"), t("f32[B]"), t("f16[1, 1]"), t("u32[2, 3, 4, 5, 6]")];
  for (const def of OP_LIST) {
    const [sample] = def.samples({
      int: () => 0,
      u32: () => 0,
      uniform: () => 0,
      normal: () => 0,
      pick: (xs: never[]) => xs[0],
    } as never);
    for (const type of odd) {
      const operands = def.operands.map(() => type);
      expect(() => def.infer(operands, completeAttrs(def, sample!.attrs)), def.name).not.toThrow();
    }
  }
});
