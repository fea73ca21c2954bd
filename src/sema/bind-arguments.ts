/** Which argument belongs to which parameter: first by position, then by name. The same for blocks, functions and ops. */
import type { Argument } from "../../grammar/ast.ts";
import type { Loc, Span } from "../support/source.ts";
import { foreignArgument } from "./foreign-names.ts";
import { didYouMean } from "./report.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

/** Who is called, for the messages. */
export interface Callee {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly isOptional: boolean }[];
  /** The declaration, where there is one to show. */
  readonly declared?: Span | Loc;
  readonly at: Span;
}

/** The arguments by parameter name, or undefined after a mistake, which has been reported. */
export function bindArguments(
  context: Context,
  callee: Callee,
  args: readonly Argument[],
): ReadonlyMap<string, Argument> | undefined {
  const bound = new Map<string, Argument>();
  const names = callee.params.map((param) => param.name);
  const related = callee.declared === undefined ? [] : [{ message: "declared here", at: callee.declared }];
  let isFine = true;
  args.forEach((argument, index) => {
    const name = argument.name?.text ?? names[index];
    if (name === undefined) {
      // The first one that is too many tells it for all of them.
      if (!isFine && index > names.length) return;
      isFine = false;
      report(
        context,
        "LLM0205",
        `\`${callee.name}\` takes ${countText(names.length)}, and ${args.length} are given`,
        argument.span,
        {
          label: args.length === names.length + 1 ? "one too many" : "too many from here on",
          related,
        },
      );
    } else if (argument.name !== undefined && !names.includes(name)) {
      isFine = false;
      report(context, "LLM0206", `\`${callee.name}\` takes no argument named \`${name}\``, argument.name.span, {
        related,
        ...didYouMean(name, names),
        ...foreignArgument(name, names),
      });
    } else if (bound.has(name)) {
      isFine = false;
      const before = bound.get(name);
      report(context, "LLM0230", `\`${name}\` of \`${callee.name}\` is given twice`, argument.span, {
        related: [...(before === undefined ? [] : [{ message: "the first one", at: before.span }]), ...related],
        help: "remove one of them",
      });
    } else bound.set(name, argument);
  });
  const missing = callee.params.filter((param) => !param.isOptional && !bound.has(param.name));
  if (isFine && missing.length > 0) {
    isFine = false;
    const list = missing.map((param) => `\`${param.name}\``).join(", ");
    report(context, "LLM0205", `\`${callee.name}\` needs ${list}`, callee.at, { label: "not given here", related });
  }
  return isFine ? bound : undefined;
}

function countText(count: number): string {
  return count === 0 ? "no argument" : count === 1 ? "1 argument" : `${count} arguments`;
}
