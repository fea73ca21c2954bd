/** The arguments of `rope` that stretch its frequencies for contexts longer than those of the training. */
import type { SurfaceArg, SurfaceParam } from "../../ir/op-def.ts";
import { isNumbers, wordArg } from "../support/surface-args.ts";
import type { RopeScaling } from "./rope-frequencies.ts";

/** Published configs call the first one `default`. */
const SCALINGS = ["none", "default", "linear", "llama3", "yarn", "longrope"] as const;
const positive = { range: { above: 0 }, optional: true } as const;

export const scalingParams: readonly SurfaceParam[] = [
  {
    name: "scaling",
    kind: "word",
    words: SCALINGS,
    doc: "none (or default), linear, llama3, yarn or longrope; default none.",
    optional: true,
  },
  { name: "factor", kind: "float", ...positive, doc: "linear, llama3, yarn: how much longer the context is." },
  { name: "low", kind: "float", ...positive, doc: "llama3: the low frequency factor." },
  { name: "high", kind: "float", ...positive, doc: "llama3: the high frequency factor." },
  { name: "original", kind: "float", ...positive, doc: "llama3, yarn: the context trained with, in positions." },
  {
    name: "beta_fast",
    kind: "float",
    ...positive,
    doc: "yarn: pairs that turn at least this often within `original` stay; default 32.",
  },
  {
    name: "beta_slow",
    kind: "float",
    ...positive,
    doc: "yarn: pairs that turn at most this often are divided by the factor; default 1.",
  },
  {
    name: "truncate",
    kind: "bool",
    optional: true,
    doc: "yarn: whether the ends of the blend between the two are rounded outwards to whole pairs; default true.",
  },
  {
    name: "factors",
    kind: "floats",
    optional: true,
    doc: "longrope: what each frequency is divided by, a number for each pair (`short_factor` or `long_factor`).",
  },
  {
    name: "scale",
    kind: "float",
    optional: true,
    doc: "Factor of cosine and sine, `attention_factor` of published configs; default 1, with yarn `0.1 log(factor) + 1`, at least 1.",
  },
];

interface Scaled {
  readonly scaling: RopeScaling;
  readonly scale: number;
}

/** What the arguments say for so many pairs of channels, or a sentence about what is missing. */
export function scalingOf(args: Readonly<Record<string, SurfaceArg>>, pairs: number): Scaled | string {
  const word = wordArg(args["scaling"], SCALINGS, "none");
  const given = (name: string): number | undefined => {
    const found = args[name];
    return typeof found === "number" ? found : undefined;
  };
  const scale = given("scale");
  if (word === "none" || word === "default") return { scaling: { kind: "none" }, scale: scale ?? 1 };
  if (word === "longrope") {
    const factors = args["factors"];
    if (!isNumbers(factors)) return "scaling: longrope needs factors";
    if (factors.length !== pairs || factors.some((factor) => !(factor > 0)))
      return `scaling: longrope needs a factor above 0 for each of the ${pairs} pairs of channels, and factors has ${factors.length} numbers`;
    return { scaling: { kind: word, factors }, scale: scale ?? 1 };
  }
  const factor = given("factor");
  if (factor === undefined) return `scaling: ${word} needs a factor`;
  if (word === "linear") return { scaling: { kind: word, factor }, scale: scale ?? 1 };
  const original = given("original");
  if (word === "yarn") {
    const [fast, slow] = [given("beta_fast") ?? 32, given("beta_slow") ?? 1];
    const theta = given("theta") ?? 0;
    if (original === undefined) return "scaling: yarn needs original";
    if (theta <= 1) return `scaling: yarn needs theta above 1, and it is ${theta}`;
    if (fast < slow) return `scaling: yarn needs beta_fast, here ${fast}, at least as large as beta_slow, here ${slow}`;
    const scaling: RopeScaling = { kind: word, factor, original, fast, slow, truncate: args["truncate"] !== false };
    return { scaling, scale: scale ?? 0.1 * Math.log(Math.max(factor, 1)) + 1 };
  }
  const [low, high] = [given("low"), given("high")];
  if (low === undefined || high === undefined || original === undefined || low >= high)
    return "scaling: llama3 needs low, high and original, and low below high";
  return { scaling: { kind: word, factor, low, high, original }, scale: scale ?? 1 };
}
