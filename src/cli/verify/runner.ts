/** What `llmc verify` asks of a target, and the two that answer: a device of the runtime, and the interpreter. */
import type { Tensor } from "../../ir/op-def.ts";
import type { Func } from "../../ir/ir.ts";
import type { DType } from "../../ir/type.ts";
import type { Compilation } from "../../driver/compile.ts";
import { ReferenceSession, interpretForward } from "../../driver/reference-model.ts";
import type { Parameters } from "../../driver/reference-model.ts";
import { floatsOf } from "../../runtime/call.ts";
import type { Argument } from "../../runtime/call.ts";
import type { Model } from "../../runtime/index.ts";
import type { AnalyzedModel } from "../../driver/front-end.ts";

/** The inputs of `forward` by name, and the sizes that they have. */
export interface ForwardCall {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly sizes: Readonly<Record<string, number>>;
}

export interface Runner {
  /** The results of `forward` by name, at their actual sizes. */
  forward(call: ForwardCall): Promise<ReadonlyMap<string, ArrayLike<number>>>;
  /** Empties the context of `extend`. */
  reset(): void;
  /** The logits behind one more token, f32[V]. */
  extend(token: number): Promise<ArrayLike<number>>;
  /** The most likely token after the prompt, `count` times. */
  greedy(prompt: readonly number[], count: number): Promise<readonly number[]>;
}

/** A loaded model whose build has `forward`; `func` is that function. Throws the reason of an aborted `signal`. */
export function deviceRunner(model: Model, func: Func, signal: AbortSignal): Runner {
  return {
    forward: async ({ inputs, sizes }) => {
      signal.throwIfAborted();
      const args = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, argument(tensor)]));
      const bytes = await model.call("forward", args, sizes);
      const results = new Map<string, ArrayLike<number>>();
      func.results.forEach(({ name }, i) => {
        const type = func.body.yields[i]?.type;
        if (type === undefined) return;
        const { family } = type;
        const members = family === undefined ? [name] : Array.from({ length: family }, (_, k) => `${name}.${k}`);
        for (const member of members) {
          const raw = bytes[member];
          if (raw !== undefined) results.set(member, numbersOf(raw, type.dtype));
        }
      });
      return results;
    },
    reset: () => model.reset(),
    extend: async (token) => {
      signal.throwIfAborted();
      return model.extend([token]);
    },
    greedy: async (prompt, count) => {
      const generation = model.generate(prompt, { maxTokens: count, temperature: 0, stopAtEos: false, signal });
      await generation.text();
      return generation.tokens;
    },
  };
}

function argument({ dtype, data }: Tensor): Argument {
  if (dtype === "i32") return Int32Array.from(data);
  return dtype === "u32" || dtype === "bool" ? Uint32Array.from(data) : Float32Array.from(data);
}

/** The interpreter in exact mode. */
export function referenceRunner(compilation: Compilation, model: AnalyzedModel, params: Parameters): Runner {
  const { S } = compilation.capacities;
  let session: ReferenceSession | undefined;
  const opened = (): ReferenceSession => (session ??= new ReferenceSession(model, params, S));
  const extend = async (token: number): Promise<ArrayLike<number>> => opened().extend(token);
  return {
    forward: async ({ inputs, sizes }) => interpretForward(model, inputs, params, sizes, "exact"),
    reset: () => opened().reset(),
    extend,
    greedy: async (prompt, count) => {
      let logits: ArrayLike<number> = [];
      for (const token of prompt) logits = await extend(token);
      const tokens: number[] = [];
      while (tokens.length < count) {
        const token = largestOf(logits);
        tokens.push(token);
        if (tokens.length < count) logits = await extend(token);
      }
      return tokens;
    },
  };
}

/** The first place of the largest number. */
function largestOf(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? NaN) > (values[best] ?? NaN)) best = i;
  return best;
}

/** The elements of a result, whatever their type. */
function numbersOf(bytes: Uint8Array, dtype: DType): ArrayLike<number> {
  switch (dtype) {
    case "i32":
      return new Int32Array(bytes.slice().buffer);
    case "u32":
    case "bool":
      return new Uint32Array(bytes.slice().buffer);
    default:
      return floatsOf(dtype, bytes);
  }
}
