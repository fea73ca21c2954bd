/** cross_entropy: the negative log-probability of each target, in nats; the caller takes the mean. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { sameDims } from "../../support/dim.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { operand, resultTensor } from "../support/tensor.ts";
import { integers, normal } from "../support/sample-data.ts";
import { FLOATS, butText, wrongDType } from "../support/shape.ts";
import { take } from "../gather/take.ts";
import { logSoftmax } from "./softmax.ts";

export const crossEntropy: OpDef = {
  name: "cross_entropy",
  doc: "`out[...] = -log_softmax(logits)[..., targets[...]]`, in nats; a target outside is clamped as in `take`.",
  operands: ["logits", "targets"],
  attrs: {},
  traits: ["pure", "composite"],
  infer(operands) {
    const [logits, targets] = [operand(operands, 0), operand(operands, 1)];
    const sentence = wrongDType("logits", logits, FLOATS) ?? wrongDType("targets", targets, ["i32", "u32"]);
    if (sentence !== undefined) return sentence;
    if (logits.dims.length !== targets.dims.length + 1 || !sameDims(logits.dims.slice(0, -1), targets.dims))
      return `${butText("logits", logits, "targets", targets)}: logits have the targets' axes and one more, the vocabulary`;
    return [tensorType(logits.dtype, targets.dims)];
  },
  evaluate(operands, _attrs, context) {
    const [logits, targets] = [operand(operands, 0), operand(operands, 1)];
    const axis = targets.dims.length;
    const logProbabilities = logSoftmax.evaluate([logits], { axis }, { ...context, results: [logits] });
    const [taken] = take.evaluate([operand(logProbabilities, 0), targets], { axis, batch: axis }, context);
    const out = resultTensor(context);
    taken?.data.forEach((x, position) => (out.data[position] = -x));
    return [out];
  },
  decompose(b, operands) {
    const [logits, targets] = [operand(operands, 0), operand(operands, 1)];
    const axis = targets.type.dims.length;
    const logProbabilities = b.emit("log_softmax", [logits], { axis });
    return [b.emit("neg", [b.emit("take", [logProbabilities, targets], { axis, batch: axis })])];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [normal(rng, [1, 1]), integers(rng, [1], 0, 1)], attrs: {} },
    { label: "one row", operands: [normal(rng, [7], 3), integers(rng, [], 0, 7)], attrs: {} },
    { label: "beyond a workgroup", operands: [normal(rng, [3, 300], 3), integers(rng, [3], 0, 300)], attrs: {} },
    {
      label: "symbolic",
      operands: [normal(rng, [2, 3, 9]), integers(rng, [2, 3], 0, 9)],
      types: [
        tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 9]),
        tensorType("i32", [Dim.symbol("B"), Dim.symbol("T")]),
      ],
      symbols: { B: 2, T: 3 },
      attrs: {},
    },
  ],
};
