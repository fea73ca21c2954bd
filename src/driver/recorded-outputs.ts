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
 * layers have a tap `hidden`, whose member i it is then. `tokens`: i32[B, T] gives the loss of the next token.
 */
export function recordedNames(results: Outputs, tokens?: Tensor): Outputs {
  const named = new Map<string, ArrayLike<number>>();
  for (const [name, values] of results) named.set(`out.${name}`, values);
  const [first] = results.values();
  if (first !== undefined) named.set("out.logits", first);
  if (first !== undefined && tokens !== undefined) named.set("out.loss", [nextTokenLoss(first, tokens)]);
  const before = [...results].find(([name]) => name.endsWith(".in"));
  const layers = layerOutputs(results);
  if (before !== undefined) named.set("out.hidden.0", before[1]);
  layers.forEach((values, i) => named.set(`out.hidden.${i + 1}`, values));
  const last = results.get("hidden.final");
  if (last !== undefined) named.set(`out.hidden.${layers.length}`, last);
  for (const [name, values] of results) if (/^hidden\.\d+$/.test(name)) named.set(`out.${name}`, values);
  return named;
}

/**
 * The outputs of the layers, list by list, in the order of the layers. One loop gives `layers.out.k`; a list of several
 * loops gives `layers.out_from_F_step_P.k`, which is layer F + k P.
 */
function layerOutputs(results: Outputs): readonly ArrayLike<number>[] {
  const lists = new Map<string, { readonly layer: number; readonly values: ArrayLike<number> }[]>();
  for (const [name, values] of results) {
    const found = /^(.*)\.out(?:_from_(\d+)_step_(\d+))?\.(\d+)$/.exec(name);
    if (found === null) continue;
    const [, list = "", first = "0", step = "1", iteration = "0"] = found;
    const layer = Number(first) + Number(step) * Number(iteration);
    lists.set(list, [...(lists.get(list) ?? []), { layer, values }]);
  }
  return [...lists.values()].flatMap((list) => list.sort((a, b) => a.layer - b.layer).map(({ values }) => values));
}

/** Mean cross-entropy, in nats, of `logits[:, :-1]` against `tokens[:, 1:]`. */
export function nextTokenLoss(logits: ArrayLike<number>, tokens: Tensor): number {
  const [B = 1, T = 1] = tokens.dims;
  const V = logits.length / (B * T);
  let total = 0;
  for (let b = 0; b < B; b++)
    for (let t = 0; t + 1 < T; t++) {
      const row = (b * T + t) * V;
      let largest = -Infinity;
      for (let v = 0; v < V; v++) largest = Math.max(largest, logits[row + v] ?? NaN);
      let sum = 0;
      for (let v = 0; v < V; v++) sum += Math.exp((logits[row + v] ?? NaN) - largest);
      total += largest + Math.log(sum) - (logits[row + (tokens.data[b * T + t + 1] ?? 0)] ?? NaN);
    }
  return total / (B * (T - 1));
}
