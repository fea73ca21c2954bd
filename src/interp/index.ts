/** The reference interpreter of the tensor IR. */
export { evaluate, isTensor } from "./evaluate.ts";
export type { Datum, EvaluateOptions } from "./evaluate.ts";
export { rounding } from "./rounding.ts";
export type { Mode, Round } from "./rounding.ts";
export { positionOf, stack } from "./axis.ts";
