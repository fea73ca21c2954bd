/** `require dim % heads == 0`: checked as soon as its config values are known. */
import type { RequireStatement } from "../../grammar/ast.ts";
import { compileTimeOf } from "./evaluate.ts";
import { originDetails, refsIn, sourceText, substitutedText } from "./explain.ts";
import { originsOf } from "./entity.ts";
import type { Origin } from "./entity.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

/** Reports where the condition is false, with the values that make it so. */
export function checkRequire(context: Context, statement: RequireStatement): void {
  const condition = compileTimeOf(context, statement.condition, "bool");
  if (condition === undefined || condition.value === true) return;
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
