/** THE list of ops. One import and one entry for each record; nothing else in llmc names them all. */
import type { OpDef, OpTable } from "../ir/op-def.ts";
import { conv2d } from "./contract/conv2d.ts";
import { matmul } from "./contract/matmul.ts";
import { angleTable } from "./create/angle-table.ts";
import { constant } from "./create/constant.ts";
import { iota } from "./create/iota.ts";
import { gelu, geluTanh, quickGelu, relu, reluSquared, silu } from "./elementwise/activation.ts";
import { abs, add, div, floor, max, min, mul, neg, pow, sub } from "./elementwise/arithmetic.ts";
import { cast } from "./elementwise/cast.ts";
import { and, eq, ge, gt, le, lt, ne, not, or } from "./elementwise/comparison.ts";
import { bitAnd, bitNot, bitOr, bitXor, rem, shiftLeft, shiftRight } from "./elementwise/integer.ts";
import { select } from "./elementwise/select.ts";
import { softplus } from "./elementwise/softplus.ts";
import { cos, erf, exp, log, rsqrt, sigmoid, sin, sqrt, tanh } from "./elementwise/transcendental.ts";
import { embeddingBag } from "./gather/embedding-bag.ts";
import { gather } from "./gather/gather.ts";
import { oneHot } from "./gather/one-hot.ts";
import { scatterAdd } from "./gather/scatter-add.ts";
import { segmentSum } from "./gather/segment-sum.ts";
import { embedding, take } from "./gather/take.ts";
import { broadcast } from "./move/broadcast.ts";
import { concat } from "./move/concat.ts";
import { flip } from "./move/flip.ts";
import { pad } from "./move/pad.ts";
import { reshape } from "./move/reshape.ts";
import { slice } from "./move/slice.ts";
import { split } from "./move/split.ts";
import { transpose } from "./move/transpose.ts";
import { crossEntropy } from "./normalize/cross-entropy.ts";
import { groupNorm } from "./normalize/group-norm.ts";
import { layerNorm } from "./normalize/layer-norm.ts";
import { rmsNorm } from "./normalize/rms-norm.ts";
import { logSoftmax, softmax } from "./normalize/softmax.ts";
import { argsort, sort } from "./order/argsort.ts";
import { topk, topkIndices } from "./order/topk.ts";
import { dropout } from "./random/dropout.ts";
import { randomNormal } from "./random/normal.ts";
import { penalize } from "./random/penalize.ts";
import { randomBits, randomUniform } from "./random/random.ts";
import { sample } from "./random/sample.ts";
import { argmax } from "./reduce/argmax.ts";
import { cumsum } from "./reduce/cumsum.ts";
import { mean, reduceMax, reduceMin, sum } from "./reduce/reduce.ts";
import { alibiSlopes } from "./sequence/alibi-slopes.ts";
import { attention } from "./sequence/attention.ts";
import { attentionPart } from "./sequence/attention-part.ts";
import { cacheWrite } from "./sequence/cache-write.ts";
import { conv1d } from "./sequence/conv1d.ts";
import { relativeBuckets } from "./sequence/relative-buckets.ts";
import { rope } from "./sequence/rope.ts";
import { checked } from "./support/checked.ts";

/** Every record, in the order of the documentation. `infer` also checks the number of operands and families. */
export const OP_LIST: readonly OpDef[] = [
  ...[constant, iota, angleTable],
  ...[add, sub, mul, div, pow, max, min, neg, abs, floor],
  ...[exp, log, sin, cos, tanh, erf, sqrt, rsqrt, sigmoid],
  ...[eq, ne, lt, le, gt, ge, and, or, not, select, cast],
  ...[relu, silu, gelu, geluTanh],
  ...[sum, mean, reduceMax, reduceMin, argmax],
  ...[reshape, transpose, broadcast, slice, pad, concat],
  ...[matmul, take, embedding, oneHot],
  ...[softmax, logSoftmax, rmsNorm, layerNorm, crossEntropy],
  ...[rope, attention, attentionPart, cacheWrite, conv1d],
  ...[relativeBuckets, alibiSlopes],
  ...[randomBits, randomUniform, sample],
  ...[rem, bitAnd, bitOr, bitXor, bitNot, shiftLeft, shiftRight],
  ...[reluSquared, softplus, quickGelu],
  ...[flip, split, gather, embeddingBag, conv2d, groupNorm],
  ...[randomNormal, dropout],
  ...[cumsum, argsort, sort, topk, topkIndices, scatterAdd, segmentSum],
  ...[penalize],
].map(checked);

/** The records by name. */
export const OPS: OpTable = new Map(OP_LIST.map((def) => [def.name, def]));
