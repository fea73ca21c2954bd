/** Declaring a name: it means one thing in its scope, and after a second declaration nothing more is said about it. */
import type { BlockItem, FnItem, LetStatement, Name } from "../../grammar/ast.ts";
import type { Span } from "../support/source.ts";
import type { Entity } from "./entity.ts";
import { kindText, poison } from "./entity.ts";
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
 * Declares what a `let` names: its value, or, where the names stand in parentheses, the items of the list that it is.
 * After a mistake the names stand for poison.
 */
export function declareLetNames(context: Context, statement: LetStatement, entity: Entity): void {
  const items = statement.isList ? listItems(context, statement, entity) : [entity];
  for (const [i, name] of statement.names.entries()) declareName(context, name.text, name.span, items[i] ?? poison);
}

function listItems(context: Context, { names, value }: LetStatement, entity: Entity): readonly Entity[] {
  if (entity.kind === "poison") return [];
  if (entity.kind !== "list") {
    report(context, "LLM0234", `${kindText(entity)} has no items to name`, value.span, {
      label: `this is ${kindText(entity)}, and names in parentheses take a list apart`,
      help: "`split(x, 3)` gives a list, or leave the parentheses out",
    });
    return [];
  }
  const { items } = entity;
  if (items.length === names.length) return items;
  const given = `${names.length} ${names.length === 1 ? "name" : "names"}`;
  report(context, "LLM0234", `${given} for a list of ${items.length}`, value.span, {
    label: `has ${items.length} ${items.length === 1 ? "item" : "items"}`,
    help: "give each item a name, one that starts with `_` if it is not used",
  });
  return [];
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
