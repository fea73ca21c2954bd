/** The shape rule of rms_norm and layer_norm. */
import type { TensorType } from "../../ir/type.ts";
import { FLOATS, butText, lastDim, wrongDType, wrongRank } from "../support/shape.ts";

/** A sentence unless x is f[..., C] and the named operand is f[C] of the same element type. */
export function normSentence(x: TensorType, name: string, vector: TensorType): string | undefined {
  const sentence = wrongDType("x", x, FLOATS) ?? wrongRank(name, vector, 1, "[C]");
  if (sentence !== undefined) return sentence;
  const isMatch = x.dims.length > 0 && lastDim(vector).equals(lastDim(x)) && vector.dtype === x.dtype;
  return isMatch ? undefined : butText("x", x, name, vector);
}
