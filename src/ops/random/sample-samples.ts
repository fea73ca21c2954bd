/**
 * Samples of `sample`: greedy, each filter, all together, rows that differ; rows of NaN and infinities with each control;
 * some with candidates for the largest.
 */
import type { Sample, Tensor } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { firstLargest } from "../reduce/argmax.ts";
import { at, operand } from "../support/tensor.ts";
import { normal, scalar, tensorOfRows } from "../support/sample-data.ts";

interface Settings {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly step?: number;
}

function controls({ temperature = 1, topK = 0, topP = 1, minP = 0, seed = 7, step = 0 }: Settings): readonly Tensor[] {
  return [
    scalar("f32", Math.fround(temperature)),
    scalar("i32", topK),
    scalar("f32", Math.fround(topP)),
    scalar("f32", Math.fround(minP)),
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
    of("min-p", normal(rng, [4, 50], 2), { minP: 0.2, step: 5 }),
    of("all filters, beyond a workgroup", normal(rng, [2, 300], 2), { temperature: 0.7, topK: 40, topP: 0.9, minP: 0.05 }), // prettier-ignore
    {
      ...of("symbolic", normal(rng, [3, 9]), { temperature: 1.5 }),
      types: [
        tensorType("f32", [Dim.symbol("B"), 9]),
        tensorType("f32", []),
        tensorType("i32", []),
        tensorType("f32", []),
        tensorType("f32", []),
        tensorType("u32", []),
        tensorType("u32", []),
      ],
      symbols: { B: 3 },
    },
    halved(of("greedy, of candidates", tensorOfRows("f32", [[1, 3, 3], [2, 2, 2], [0, 1, 3]]), { temperature: 0 })), // prettier-ignore
    halved(of("all filters, of candidates", normal(rng, [2, 300], 2), { temperature: 0.7, topK: 40, topP: 0.9, minP: 0.05 })), // prettier-ignore
    halved(of("NaN and infinities, of candidates", tensorOfRows("f32", SPECIAL_ROWS), { topP: 0.9 }), true),
    ...SPECIAL_CONTROLS.map(([label, settings]): Sample => ({
      ...of(`NaN and infinities, ${label}`, tensorOfRows("f32", SPECIAL_ROWS), settings),
      special: true,
    })),
  ];
}

/** The same with the places of the largest logit in each half of the row. */
function halved(sample: Sample, special = false): Sample {
  const logits = operand(sample.operands, 0);
  const [rows = 0, tokens = 0] = logits.dims;
  const cuts = [0, Math.ceil(tokens / 2), tokens];
  const places = Array.from({ length: rows }, (_, row) =>
    [0, 1].map((half) => {
      const from = at(cuts, half);
      return from + firstLargest(at(cuts, half + 1) - from, (i) => at(logits.data, row * tokens + from + i));
    }),
  );
  const candidates = tensorOfRows("i32", places);
  return { ...sample, operands: [...sample.operands, candidates], ...(special ? { special } : {}) };
}

/** Rows that a broken model may give: NaN and each infinity among numbers, alone, and together. */
const SPECIAL_ROWS: readonly (readonly number[])[] = [
  [NaN, 1, -Infinity, NaN, 0.5],
  [NaN, NaN, NaN, NaN, NaN],
  [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
  [NaN, -Infinity, NaN, -Infinity, NaN],
  [1, Infinity, NaN, 2, -Infinity],
  [Infinity, 3, Infinity, -Infinity, Infinity],
  [-3.4028234663852886e38, 3.4028234663852886e38, 0, NaN, -Infinity],
  [-0, 0, -Infinity, NaN, Math.fround(-1e-40)],
];

const SPECIAL_CONTROLS: readonly (readonly [string, Settings])[] = [
  ["greedy", { temperature: 0 }],
  ["temperature", { temperature: 0.7 }],
  ["hot", { temperature: 100 }],
  ["top-k", { topK: 2 }],
  ["top-k of one", { topK: 1 }],
  ["top-p", { topP: 0.5 }],
  ["a small top-p", { topP: 1e-30 }],
  ["min-p", { minP: 0.3 }],
  ["min-p of one", { temperature: 2, minP: 1 }],
  ["min-p beyond one", { temperature: 2, minP: 3 }],
  ["all filters", { temperature: 1.3, topK: 3, topP: 0.9, minP: 0.1 }],
  ["a temperature of NaN", { temperature: NaN }],
  ["filters of NaN", { topP: NaN, minP: NaN }],
];
