/** `attention(q, k, v, mask: causal, ...)` of the language: the scale defaults to 1 / sqrt(D). */
import type { Surface } from "../../ir/op-def.ts";
import { typeText } from "../../ir/type.ts";
import { InternalError } from "../../support/errors.ts";
import { lastDim } from "../support/shape.ts";
import { isValue, wordArg } from "../support/surface-args.ts";
import { MASKS } from "./attention-mask.ts";

/** The optional operands, in the order of the record. */
const OPTIONAL = ["offset", "window", "lengths", "prefix", "bias", "slopes", "sinks"] as const;

export const attentionSurface: Surface = {
  params: [
    { name: "q", kind: "tensor", doc: "f[B, H, T, D]." },
    { name: "k", kind: "tensor", doc: "f[B, G, S, D], G divides H." },
    { name: "v", kind: "tensor", doc: "f[B, G, S, E]." },
    { name: "mask", kind: "word", words: MASKS, doc: "causal or full; default causal.", optional: true },
    { name: "scale", kind: "float", doc: "Factor of the scores; default 1 / sqrt(D).", optional: true },
    {
      name: "window",
      kind: "tensor",
      range: { least: 1 },
      doc: "i32[], i32[T] or i32[B, T]: how many keys a query sees, itself included; `iota(T) % chunk + 1` for attention in chunks.",
      optional: true,
    },
    { name: "lengths", kind: "tensor", doc: "i32[B]: keys from there on are padding.", optional: true },
    { name: "offset", kind: "tensor", doc: "i32[B]: the position of the first query.", optional: true },
    { name: "prefix", kind: "tensor", doc: "i32[B]: keys below that are seen by every query.", optional: true },
    {
      name: "softcap",
      kind: "float",
      range: { least: 0 },
      doc: "Scores become `softcap * tanh(score / softcap)`; default 0, for none.",
      optional: true,
    },
    {
      name: "bias",
      kind: "tensor",
      doc: "f[..., T, S], broadcast to [B, H, T, S]: added to the scores.",
      optional: true,
    },
    { name: "slopes", kind: "tensor", doc: "f[H]: what a score loses for each step back (ALiBi).", optional: true },
    { name: "sinks", kind: "tensor", doc: "f[H]: a score that takes weight and gives no value.", optional: true },
  ],
  build(b, args) {
    const { q, k, v } = args;
    if (!isValue(q) || !isValue(k) || !isValue(v)) throw new InternalError("attention: q, k or v is no tensor");
    const mask = wordArg(args["mask"], MASKS, "causal");
    const channels = lastDim(q.type).asNumber();
    const given = args["scale"];
    if (channels === undefined) return `q is ${typeText(q.type)}, and its last size must be a number`;
    const scale = typeof given === "number" ? given : 1 / Math.sqrt(channels);
    const optional = (name: string): typeof q | null => {
      const found = args[name];
      return isValue(found) ? found : null;
    };
    const operands = [q, k, v, ...OPTIONAL.map(optional)];
    const softcap = args["softcap"] ?? 0;
    if (typeof softcap !== "number") throw new InternalError("attention: softcap is no number");
    const inferred = b.table.get("attention")?.infer(
      operands.map((value) => value?.type ?? null),
      { mask, scale, softcap },
    );
    return typeof inferred === "string" ? inferred : b.emit("attention", operands, { mask, scale, softcap });
  },
};
