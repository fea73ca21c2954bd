/**
 * What a model computes under the names of recorded answers (`golden.safetensors`): `out.logits`, `out.loss`,
 * `out.hidden.i`, and `out.NAME` for every tap. Pure: tensors in, tensors out.
 */
import type { Tensor } from "../ir/op-def.ts";

/** Outputs by their recorded names (`out.logits`, `out.hidden.2`), row-major. */
export type Outputs = ReadonlyMap<string, ArrayLike<number>>;

/**
 * Renames the results of `forward` (first result, taps). `out.hidden.i` is what enters the first layer, then what each
 * layer returns, the last one after the final norm (the tap `hidden.final`, where the model has it), unless the model's
 * layers have a tap `hidden`, whose member i it is then. `targets` give the loss.
 */
export function recordedNames(results: Outputs, targets: RecordedTargets = {}): Outputs {
  const named = new Map<string, ArrayLike<number>>();
  for (const [name, values] of results) named.set(`out.${ofLayer(name)}`, values);
  const [first] = results.values();
  if (first !== undefined) named.set("out.logits", first);
  const classes = targetClasses(targets);
  if (first !== undefined && classes !== undefined) named.set("out.loss", [crossEntropy(first, classes)]);
  const before = [...results].find(([name]) => name.endsWith(".in"));
  const layers = layerOutputs(results);
  if (before !== undefined) named.set("out.hidden.0", before[1]);
  layers.forEach((values, i) => named.set(`out.hidden.${i + 1}`, values));
  const last = results.get("hidden.final");
  if (last !== undefined) named.set(`out.hidden.${layers.length}`, last);
  for (const [name, values] of results)
    if (/^hidden\.\d+$/.test(ofLayer(name))) named.set(`out.${ofLayer(name)}`, values);
  return named;
}

/** `NAME_from_F_step_P.k`, a tap in a list of several loops, is `NAME.i` of its layer i = F + k P. */
function ofLayer(name: string): string {
  const found = /^(.*)_from_(\d+)_step_(\d+)\.(\d+)$/.exec(name);
  if (found === null) return name;
  const [, tap = "", first, step, iteration] = found;
  return `${tap}.${Number(first) + Number(step) * Number(iteration)}`;
}

/** The outputs of the layers, list by list, in the order of the layers: `layers.out.i`. */
function layerOutputs(results: Outputs): readonly ArrayLike<number>[] {
  const lists = new Map<string, { readonly layer: number; readonly values: ArrayLike<number> }[]>();
  for (const [name, values] of results) {
    const found = /^(.*)\.out\.(\d+)$/.exec(ofLayer(name));
    if (found === null) continue;
    const [, list = "", layer = "0"] = found;
    lists.set(list, [...(lists.get(list) ?? []), { layer: Number(layer), values }]);
  }
  return [...lists.values()].flatMap((list) => list.sort((a, b) => a.layer - b.layer).map(({ values }) => values));
}

/** The recorded inputs that say what each row of logits should have been; flat, row-major. */
export interface RecordedTargets {
  /** i32[B, T]. */
  readonly tokens?: Tensor;
  /** i32[B, T]: 1 where a token is real. */
  readonly mask?: Tensor;
  /** A class for each row of logits. */
  readonly labels?: Tensor;
}

/**
 * What the loss compares each row of logits with: labels where there are some; where padding is masked, which is how
 * encoders are recorded, each real token itself; else the next token, of which the last one has none.
 */
function targetClasses({ tokens, mask, labels }: RecordedTargets): readonly (number | undefined)[] | undefined {
  if (labels !== undefined) return Array.from(labels.data);
  if (tokens === undefined) return undefined;
  if (mask !== undefined) return Array.from(tokens.data, (token, i) => (mask.data[i] === 1 ? token : undefined));
  const length = tokens.dims.at(-1) ?? 1;
  return Array.from(tokens.data, (_, i) => ((i + 1) % length === 0 ? undefined : tokens.data[i + 1]));
}

/** Mean cross-entropy, in nats, of the rows of `logits` that have a class. */
function crossEntropy(logits: ArrayLike<number>, classes: readonly (number | undefined)[]): number {
  const size = logits.length / classes.length;
  const losses = classes.flatMap((wanted, row) => {
    if (wanted === undefined) return [];
    const scores = Array.from({ length: size }, (_, i) => logits[row * size + i] ?? NaN);
    const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = scores.reduce((all, score) => all + Math.exp(score - largest), 0);
    return [largest + Math.log(sum) - (scores[wanted] ?? NaN)];
  });
  return losses.reduce((all, loss) => all + loss, 0) / losses.length;
}
