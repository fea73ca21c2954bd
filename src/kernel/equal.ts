/** Equality of kernels up to the names of values and the places in the source. */
import type { Kernel } from "./ir.ts";
import { printKernel } from "./print.ts";
import { renameValues } from "./rename.ts";

/** Whether two kernels differ at most in value names and locations. Names of kernel, buffers and scalars count. */
export function sameKernel(a: Kernel, b: Kernel): boolean {
  return anonymousText(a) === anonymousText(b);
}

/** Text in which every value is called by its number: equal texts are equal kernels. */
export function anonymousText(kernel: Kernel): string {
  return printKernel(
    renameValues(kernel, () => "v"),
    { locs: false },
  );
}
