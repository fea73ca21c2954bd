/**
 * LLM0411: a plan whose activations need more bytes than the user allows. It names what holds the peak: the largest
 * values that are alive at the fullest step, each at the line of the source that makes it.
 */
import type { Program } from "../plan/ir.ts";
import { diagnostic } from "../support/diagnostic.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import type { Loc } from "../support/source.ts";
import { fullestStep, memoryMaps } from "./memory-map.ts";

/** How many values are named. */
const MOST_NAMED = 4;

/** One diagnostic, for the plan with the largest peak; none where all keep within `budget` bytes. */
export function budgetProblems(program: Program, budget: number): readonly Diagnostic[] {
  const [map] = memoryMaps(program).toSorted((a, b) => b.peak - a.peak);
  if (map === undefined || map.peak <= budget) return [];
  const kernels = new Map(program.kernels.map((kernel) => [kernel.name, kernel]));
  const [step, live] = fullestStep(map.steps, map.blocks);
  const holders = new Map<string, { loc: Loc | undefined; kernel: string; bytes: number }>();
  for (const { kernel, bytes } of live) {
    // A kernel's result comes last of what it computes.
    const loc = kernels.get(kernel)?.locs.at(-1);
    const key = JSON.stringify(loc ?? kernel);
    holders.set(key, { loc, kernel, bytes: bytes + (holders.get(key)?.bytes ?? 0) });
  }
  const [first, ...others] = [...holders.values()].sort((a, b) => b.bytes - a.bytes).slice(0, MOST_NAMED);
  const placed = others.flatMap(({ loc, bytes }) => (loc === undefined ? [] : [{ loc, message: holds(bytes) }]));
  const unplaced = [first, ...others].flatMap((holder) => {
    return holder === undefined || holder.loc !== undefined
      ? []
      : [`kernel \`${holder.kernel}\` ${holds(holder.bytes)}`];
  });
  const message = `the activations of \`${map.entry}\` need ${map.peak} bytes, the budget is ${budget}`;
  return [
    diagnostic("LLM0411", message, {
      ...(first?.loc === undefined ? {} : { loc: first.loc, label: holds(first.bytes) }),
      related: placed,
      notes: [
        `the most are alive at step ${step} of ${map.steps}`,
        `no placement of these kernels' results needs less than ${map.lowerBound} bytes`,
        ...unplaced,
      ],
      help: "build with a smaller `--chunk` or `--batch`, or a larger `--memory-budget`",
    }),
  ];
}

function holds(bytes: number): string {
  return `holds ${bytes} bytes of the peak`;
}
