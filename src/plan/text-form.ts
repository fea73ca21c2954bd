/** Which entry points are a matter of text: tokens go in, and numbers for each of them come out. */
import type { Plan, PlanBuffer, Range } from "./ir.ts";

/** The names of the tokens and of the first result. */
export type TextForm = readonly [tokens: string, result: string];

/** Absent where a call needs more than tokens, or gives something else for them. */
export function textFormOf({ buffers, inputs, outputs }: Plan): TextForm | undefined {
  const bufferOf = (range: Range | undefined): PlanBuffer | undefined =>
    buffers.find(({ name }) => name === range?.buffer);
  const [tokens = "", ...others] = Object.keys(inputs);
  const [result = ""] = Object.keys(outputs);
  const [taken, given] = [bufferOf(inputs[tokens]), bufferOf(outputs[result])];
  const isTokens = taken?.dtype === "i32" && taken.dims?.join() === "B,T" && others.length === 0;
  return isTokens && /^b?f\d+$/.test(given?.dtype ?? "") && /^B,T,\d+$/.test(given?.dims?.join() ?? "")
    ? [tokens, result]
    : undefined;
}
