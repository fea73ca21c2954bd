/**
 * The interpreter as something that runs a model: `forward` in both modes, and `extend` token by token as it is derived
 * from `forward`, before any other pass. Slow; the definition that every target is compared with.
 */
import { deriveExtend } from "../../passes/tensor/derive-extend.ts";
import { PROFILES } from "../profiles/index.ts";
import { evaluate, isTensor } from "../interp/index.ts";
import type { Datum, Mode } from "../interp/index.ts";
import type { Func } from "../ir/ir.ts";
import { funcNamed } from "../ir/ir.ts";
import type { Tensor } from "../ir/op-def.ts";
import { OPS } from "../ops/index.ts";
import type { AnalyzedModel } from "../sema/index.ts";
import { defined } from "../support/errors.ts";

/** The parameter at a path, with its values as stored. */
export type Parameters = (path: string) => Tensor;

/** The results of `forward` by name; the members of a family as `name.0`, `name.1`, ... `sizes` gives B, T and S. */
export function interpretForward(
  model: AnalyzedModel,
  inputs: Readonly<Record<string, Tensor>>,
  params: Parameters,
  sizes: Readonly<Record<string, number>>,
  mode: Mode,
): ReadonlyMap<string, ArrayLike<number>> {
  const forward = defined(funcNamed(model.module, "forward"), "the model has a forward");
  const results = evaluate(forward, inputs, { ops: OPS, params, symbols: sizes, mode });
  const values = new Map<string, ArrayLike<number>>();
  for (const [name, result] of Object.entries(results))
    if (isTensor(result)) values.set(name, result.data);
    else result.forEach((member, i) => values.set(`${name}.${i}`, member.data));
  return values;
}

/** One row that grows token by token, in exact mode, with a cache of `context` positions. */
export class ReferenceSession {
  private state: Readonly<Record<string, Datum>>;
  private readonly func: Func;

  /** The model must be one that generates. */
  constructor(
    model: AnalyzedModel,
    private readonly params: Parameters,
    private readonly context: number,
  ) {
    const info = defined(PROFILES[0], "there is a profile");
    const { ir } = deriveExtend("required").run(model.module, { ops: OPS, info, capacities: {} });
    this.func = defined(funcNamed(ir, "extend1"), "a model that generates has extend1");
    this.state = {};
    this.reset();
  }

  reset(): void {
    const sizes = { B: 1, T: 1, S: this.context };
    const zeros = this.func.args.slice(2).map(({ name, value: { type } }) => {
      const dims = type.dims.map((dim) => dim.evaluate(sizes));
      const one = (): Tensor => ({ dtype: type.dtype, dims, data: new Float64Array(dims.reduce((all, n) => all * n, 1)) }); // prettier-ignore
      return [name, type.family === undefined ? one() : Array.from({ length: type.family }, one)] as const;
    });
    this.state = Object.fromEntries(zeros);
  }

  /** The logits behind `token`: f64[V]. */
  extend(token: number): ArrayLike<number> {
    const inputs = { tokens: ints([1, 1], token), count: ints([1], 1), ...this.state };
    const sizes = { B: 1, T: 1, S: this.context };
    const results = evaluate(this.func, inputs, { ops: OPS, params: this.params, symbols: sizes, mode: "exact" });
    const { logits, ...state } = results;
    this.state = state;
    const found = defined(logits, "extend returns logits");
    return isTensor(found) ? found.data : [];
  }
}

function ints(dims: readonly number[], x: number): Tensor {
  return { dtype: "i32", dims, data: Float64Array.of(x) };
}
