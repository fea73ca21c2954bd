/** THE list of ops. One import and one entry for each record; nothing else in llmc names them all. */
import type { OpDef, OpTable } from "../ir/op-def.ts";
import { matmul } from "./contract/matmul.ts";
import { angleTable } from "./create/angle-table.ts";
import { constant } from "./create/constant.ts";
import { iota } from "./create/iota.ts";
import { gelu, geluTanh, relu, silu } from "./elementwise/activation.ts";
import { abs, add, div, floor, max, min, mul, neg, pow, sub } from "./elementwise/arithmetic.ts";
import { cast } from "./elementwise/cast.ts";
import { and, eq, ge, gt, le, lt, ne, not, or } from "./elementwise/comparison.ts";
import { select } from "./elementwise/select.ts";
import { cos, erf, exp, log, rsqrt, sigmoid, sin, sqrt, tanh } from "./elementwise/transcendental.ts";
import { oneHot } from "./gather/one-hot.ts";
import { embedding, take } from "./gather/take.ts";
import { broadcast } from "./move/broadcast.ts";
import { concat } from "./move/concat.ts";
import { pad } from "./move/pad.ts";
import { reshape } from "./move/reshape.ts";
import { slice } from "./move/slice.ts";
import { transpose } from "./move/transpose.ts";
import { crossEntropy } from "./normalize/cross-entropy.ts";
import { layerNorm } from "./normalize/layer-norm.ts";
import { rmsNorm } from "./normalize/rms-norm.ts";
import { logSoftmax, softmax } from "./normalize/softmax.ts";
import { randomBits, randomUniform } from "./random/random.ts";
import { sample } from "./random/sample.ts";
import { argmax } from "./reduce/argmax.ts";
import { mean, reduceMax, reduceMin, sum } from "./reduce/reduce.ts";
import { attention } from "./sequence/attention.ts";
import { cacheWrite } from "./sequence/cache-write.ts";
import { conv1d } from "./sequence/conv1d.ts";
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
  ...[rope, attention, cacheWrite, conv1d],
  ...[randomBits, randomUniform, sample],
].map(checked);

/** The records by name. */
export const OPS: OpTable = new Map(OP_LIST.map((def) => [def.name, def]));
