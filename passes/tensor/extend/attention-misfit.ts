/** Why an attention of `forward` cannot be continued token by token, as far as its own operands say. */
import type { Op } from "../../../src/ir/ir.ts";
import { wordAttr } from "../attrs.ts";
import { tokenAxis } from "./positions.ts";

export interface Misfit {
  readonly sentence: string;
  /** The words under the place, where they are not the usual ones. */
  readonly label?: string;
  /** The way out, where it is not the usual one. */
  readonly help?: string;
}

export function attentionMisfit(op: Op): Misfit | undefined {
  const [q, k, v, offset, , lengths, prefix] = op.operands;
  const mask = wordAttr(op, "mask");
  if (mask !== "causal")
    return {
      sentence: `\`attention\` has the mask \`${mask}\`, so a token sees later ones`,
      help: "give it `mask: causal`, or build with `--entries forward`",
    };
  if (offset || lengths)
    return {
      sentence: `\`attention\` is given \`${offset ? "offset" : "lengths"}\`, which generation sets itself`,
      help: "leave it out: positions and lengths of rows are the session's, or build with `--entries forward`",
    };
  if (prefix)
    return {
      sentence: "`attention` is given `prefix`, so a token of the prefix sees later ones",
      help: "leave it out, or build with `--entries forward`",
    };
  if ([q, k, v].some((x) => !x || tokenAxis(x.type) !== 2))
    return { sentence: "`attention` is not over the tokens of this call: keys, values and queries need an axis T" };
  return undefined;
}
