/** The scalar operations on numbers with every result rounded to its type, as a kernel without fused operations has them. */
import type { ScalarBuilder } from "../../../src/ir/op-def.ts";
import { rounding } from "../../../src/interp/rounding.ts";
import { numberScalars } from "./number-scalars.ts";
import type { Typed } from "./number-scalars.ts";

const round = rounding("rounded");
const rounded = ({ x, dtype }: Typed): Typed => ({ x: round(x, dtype), dtype });

export const roundedScalars: ScalarBuilder<Typed> = {
  constant: (x, dtype) => rounded(numberScalars.constant(x, dtype)),
  unary: (op, x) => rounded(numberScalars.unary(op, x)),
  binary: (op, x, y) => rounded(numberScalars.binary(op, x, y)),
  compare: (op, x, y) => numberScalars.compare(op, x, y),
  select: (condition, x, y) => numberScalars.select(condition, x, y),
  cast: (x, to) => rounded(numberScalars.cast(x, to)),
};
