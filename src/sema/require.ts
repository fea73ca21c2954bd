/** `require dim % heads == 0`: checked as soon as its config values are known. */
import type { RequireStatement } from "../../grammar/ast.ts";
import { compileTimeOf } from "./evaluate.ts";
import { originDetails, refsIn, sourceText, substitutedText } from "./explain.ts";
import { originsOf } from "./entity.ts";
import type { Origin, TextEntity } from "./entity.ts";
import { didYouMean } from "./report.ts";
import { requiredWords } from "./required-words.ts";
import type { RequiredWords } from "./required-words.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

/** A word that is none of those that the requirement lists. */
function reportWord(
  context: Context,
  { condition, message }: RequireStatement,
  { name, words }: RequiredWords,
  given: TextEntity,
): void {
  const told = `\`${name}\` cannot be \`${given.value}\``;
  report(context, "LLM0304", message?.value ?? told, condition.span, {
    label: `\`${name}\` is ${words.length === 1 ? "" : "one of "}${words.join(", ")}`,
    ...originDetails(given.origins, "required"),
    notes: message === undefined ? [] : [told],
    ...didYouMean(given.value, words),
  });
}

/** Reports where the condition is false, with the values that make it so. */
export function checkRequire(context: Context, statement: RequireStatement): void {
  const condition = compileTimeOf(context, statement.condition, "bool");
  if (condition === undefined || condition.value === true) return;
  const listed = requiredWords(statement.condition);
  const given = listed && context.scope.lookup(listed.name)?.entity;
  if (listed !== undefined && given?.kind === "text") return reportWord(context, statement, listed, given);
  const text = sourceText(statement.condition.span);
  const substituted = substitutedText(statement.condition, context.scope);
  const origins = new Map<string, Origin>();
  refsIn(statement.condition, ({ name }) => {
    const found = context.scope.lookup(name);
    for (const origin of found === undefined ? [] : originsOf(found.entity)) origins.set(origin.name, origin);
  });
  report(context, "LLM0304", statement.message?.value ?? `\`${text}\` does not hold`, statement.condition.span, {
    label: "is false",
    ...originDetails([...origins.values()], "required"),
    notes: [text === substituted ? text : `\`${text}\` is \`${substituted}\``],
  });
}
