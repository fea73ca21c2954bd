/**
 * The declarations about a model: `train` and `adapt` are checked for names (the model, the entries, the methods, the
 * parameters that patterns mean); later passes use them.
 */
import type { AdaptItem, File, TrainItem } from "../../grammar/ast.ts";
import type { ParameterInfo } from "./parameters.ts";
import { matchesPath } from "./path-pattern.ts";
import { didYouMean, shownPaths } from "./report.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

const TRAIN_ENTRIES: readonly string[] = [
  "loss", "optimizer", "precision", "clip", "accumulate", "steps", "batch", "context", "seed",
]; // prettier-ignore
const ADAPT_METHODS: readonly string[] = ["lora"];

/** Checks every `train` and `adapt` of the file; patterns only of those about `model`, where its parameters are known. */
export function checkDeclarations(
  context: Context,
  file: File,
  model: string,
  parameters: readonly ParameterInfo[] | undefined,
): void {
  const models = file.items.flatMap((item) => (item.kind === "model" ? [item.name.text] : []));
  for (const item of file.items) {
    if (item.kind !== "train" && item.kind !== "adapt") continue;
    if (!models.includes(item.model.text))
      report(
        context,
        "LLM0221",
        `there is no model named \`${item.model.text}\``,
        item.model.span,
        didYouMean(item.model.text, models),
      );
    else if (item.kind === "train") checkTrain(context, item);
    else checkAdapt(context, item, item.model.text === model ? parameters : undefined);
  }
}

function checkTrain(context: Context, item: TrainItem): void {
  const seen = new Set<string>();
  for (const { key } of item.entries) {
    if (!TRAIN_ENTRIES.includes(key.text))
      report(
        context,
        "LLM0222",
        `\`train\` has no entry \`${key.text}\``,
        key.span,
        didYouMean(key.text, TRAIN_ENTRIES),
      );
    else if (seen.has(key.text)) report(context, "LLM0202", `\`${key.text}\` is given twice`, key.span);
    seen.add(key.text);
  }
}

function checkAdapt(context: Context, item: AdaptItem, parameters: readonly ParameterInfo[] | undefined): void {
  for (const { method, on } of item.rules) {
    const callee = method.kind === "call" ? method.callee : method;
    const name = callee.kind === "ref" ? callee.name : "";
    if (!ADAPT_METHODS.includes(name))
      report(context, "LLM0222", `\`adapt\` has no method \`${name}\``, callee.span, didYouMean(name, ADAPT_METHODS));
    // A pattern names the block that holds the weight: `**.q_proj` means `....q_proj.weight`.
    const isMeant = ({ path }: ParameterInfo): boolean =>
      matchesPath(on.value, path) || matchesPath(`${on.value}.*`, path);
    if (parameters !== undefined && !parameters.some(isMeant))
      report(context, "LLM0223", `\`${on.value}\` names no parameter`, on.span, shownPaths(parameters));
  }
}
