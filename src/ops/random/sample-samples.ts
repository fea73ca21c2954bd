/** Samples of `sample`: greedy, each filter, all together, rows that differ, NaN. */
import type { Sample, Tensor } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { normal, scalar, tensorOfRows } from "../support/sample-data.ts";

interface Settings {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly step?: number;
}

function controls({ temperature = 1, topK = 0, topP = 1, seed = 7, step = 0 }: Settings): readonly Tensor[] {
  return [
    scalar("f32", Math.fround(temperature)),
    scalar("i32", topK),
    scalar("f32", Math.fround(topP)),
    scalar("u32", seed),
    scalar("u32", step),
  ];
}

export function sampleSamples(rng: Rng): readonly Sample[] {
  const of = (label: string, logits: Tensor, settings: Settings): Sample => ({
    label,
    operands: [logits, ...controls(settings)],
    attrs: {},
  });
  return [
    of("one token", normal(rng, [1, 1]), {}),
    of("greedy", normal(rng, [3, 7]), { temperature: 0 }),
    of("greedy, ties", tensorOfRows("f32", [[1, 3, 3], [2, 2, 2]]), { temperature: 0 }), // prettier-ignore
    of("greedy, beyond a workgroup", normal(rng, [2, 300]), { temperature: 0 }),
    of("temperature", normal(rng, [4, 9]), { temperature: 0.8, step: 3 }),
    of("top-k", normal(rng, [4, 50]), { topK: 3, seed: 4294967295 }),
    of("top-k of one", normal(rng, [4, 50]), { topK: 1, temperature: 2 }),
    of("top-p", normal(rng, [4, 50], 2), { topP: 0.6, step: 11 }),
    of("all filters, beyond a workgroup", normal(rng, [2, 300], 2), { temperature: 0.7, topK: 40, topP: 0.9 }),
    {
      ...of("symbolic", normal(rng, [3, 9]), { temperature: 1.5 }),
      types: [
        tensorType("f32", [Dim.symbol("B"), 9]),
        tensorType("f32", []),
        tensorType("i32", []),
        tensorType("f32", []),
        tensorType("u32", []),
        tensorType("u32", []),
      ],
      symbols: { B: 3 },
    },
    {
      ...of("NaN is never drawn", tensorOfRows("f32", [[NaN, 1, -Infinity, NaN], [NaN, NaN, NaN, NaN]]), {}), // prettier-ignore
      special: true,
    },
  ];
}
