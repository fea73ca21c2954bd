/** The shape rule of rms_norm and layer_norm. */
import { typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { FLOATS, butText, lastDim, wrongDType, wrongRank } from "../support/shape.ts";

/** A sentence unless x is f[..., C] and each operand that is there is f[C] of the same element type. */
export function normSentence(
  x: TensorType,
  vectors: Readonly<Record<string, TensorType | null | undefined>>,
): string | undefined {
  const sentence = wrongDType("x", x, FLOATS);
  if (sentence !== undefined) return sentence;
  if (x.dims.length === 0) return `x is ${typeText(x)}, and it must be [..., C]`;
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector === null || vector === undefined) continue;
    const wrong = wrongRank(name, vector, 1, "[C]");
    if (wrong !== undefined) return wrong;
    if (!lastDim(vector).equals(lastDim(x)) || vector.dtype !== x.dtype) return butText("x", x, name, vector);
  }
  return undefined;
}
