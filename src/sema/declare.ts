/** Declaring a name: it means one thing in its scope, and after a second declaration nothing more is said about it. */
import type { BlockItem, FnItem, Name } from "../../grammar/ast.ts";
import type { Span } from "../support/source.ts";
import type { Entity } from "./entity.ts";
import { poison } from "./entity.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

/**
 * Declares a name in the innermost scope; a second declaration of the same name there is a mistake, after which nobody
 * knows which one a use means. A parameter may hide a config value, because its name is given by the checkpoint:
 * `if bias { param bias: f[out] }`.
 */
export function declareName(
  context: Context,
  name: string,
  at: Span,
  entity: Entity,
  { mayHideConfig = false }: { readonly mayHideConfig?: boolean } = {},
): boolean {
  const { scope } = context;
  const hidesConfig = scope.parent?.holds === "config" && scope.parent.own(name) !== undefined;
  if (scope.own(name) === undefined && (!hidesConfig || mayHideConfig)) {
    scope.define(name, entity, at);
    return true;
  }
  const first = scope.placeOf(name) ?? scope.parent?.placeOf(name);
  report(context, "LLM0202", `the name \`${name}\` is declared twice`, at, {
    related: first === undefined ? [] : [{ message: "the first one", at: first }],
    help: "values never change: give the second one a name of its own",
  });
  scope.define(name, poison);
  return false;
}

/**
 * What a name stands for that a block or a function is declared by: poison, after a report, where two of the names
 * between its brackets are the same, because then nobody knows which argument belongs to which.
 */
export function callableEntity(context: Context, decl: BlockItem | FnItem): Entity {
  const names = [...(decl.kind === "block" ? decl.config : []), ...decl.params].map((param) => param.name);
  const isTwice = (name: Name, index: number): boolean =>
    names.findIndex((other) => other.text === name.text) !== index;
  const twice = names.filter(isTwice);
  for (const name of twice)
    report(context, "LLM0202", `the name \`${name.text}\` is declared twice`, name.span, {
      related: names
        .filter((other) => other.text === name.text)
        .slice(0, 1)
        .map(({ span }) => ({ message: "the first one", at: span })),
      help: "give the second one a name of its own",
    });
  if (twice.length > 0) return poison;
  const { scope } = context;
  return decl.kind === "block" ? { kind: "block", decl, scope } : { kind: "fn", decl, scope };
}
