/**
 * Warnings for what is legal and probably not meant: statements behind a `return`, and a `let` whose name hides another
 * one that the body around it declares. They read the tree only, and are told where there is no error.
 */
import type {
  BlockItem,
  File,
  FnItem,
  ForwardItem,
  LetStatement,
  ModelItem,
  Name,
  ScanExpr,
  Statement,
} from "../../grammar/ast.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

type Body = ModelItem | BlockItem | FnItem | ForwardItem | ScanExpr;

/** Names of the body around, with the place that declared them, and of those around it. */
interface Around {
  readonly names: ReadonlyMap<string, Name>;
  readonly parent?: Around;
}

function declaredAround(around: Around | undefined, name: string): Name | undefined {
  for (let body = around; body !== undefined; body = body.parent) {
    const found = body.names.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function warnSuspicious(context: Context, file: File): void {
  for (const item of file.items)
    if (item.kind === "model" || item.kind === "block" || item.kind === "fn") checkBody(context, item, undefined);
}

function checkBody(context: Context, item: Body, parent: Around | undefined): void {
  warnUnreachable(context, item.body);
  for (const name of letsOf(item.body).flatMap(({ names }) => names)) {
    const hidden = declaredAround(parent, name.text);
    if (hidden !== undefined)
      report(context, "LLM0229", `\`${name.text}\` hides another \`${name.text}\` from here on`, name.span, {
        severity: "warning",
        related: [{ message: "this one is hidden", at: hidden.span }],
        help: "give the value a name of its own",
      });
  }
  const names = new Map(namesOf(item).map((name) => [name.text, name] as const));
  const around: Around = parent === undefined ? { names } : { names, parent };
  for (const inner of bodiesIn(item.body)) checkBody(context, inner, around);
}

/** The statements of a body without those that nothing reaches, and the place behind which that is so. */
export function reachable(statements: readonly Statement[]): readonly Statement[] {
  const end = statements.findIndex(alwaysReturns);
  // Declarations have their meaning wherever they stand.
  return end < 0 ? statements : statements.filter((statement, index) => index <= end || !runs(statement));
}

function runs({ kind }: Statement): boolean {
  return kind === "let" || kind === "tap" || kind === "return" || kind === "if" || kind === "require";
}

function alwaysReturns(statement: Statement): boolean {
  if (statement.kind === "return") return true;
  return statement.kind === "if" && statement.then.some(alwaysReturns) && statement.else.some(alwaysReturns);
}

/** Says at the first statement behind a `return` that nothing runs it. */
function warnUnreachable(context: Context, statements: readonly Statement[]): void {
  const reached = new Set(reachable(statements));
  const behind = statements.find((statement) => !reached.has(statement));
  const last = statements.find(alwaysReturns);
  if (behind !== undefined && last !== undefined)
    report(context, "LLM0228", "this is never reached", behind.span, {
      severity: "warning",
      related: [{ message: "this returns in every case", at: last.span }],
      help: "remove it, or move it in front of the `return`",
    });
  for (const statement of reached)
    if (statement.kind === "if")
      for (const branch of [statement.then, statement.else]) warnUnreachable(context, branch);
}

/** All `let` of a body, those of its branches included. */
function letsOf(statements: readonly Statement[]): readonly LetStatement[] {
  return statements.flatMap((statement) => {
    if (statement.kind === "let") return [statement];
    return statement.kind === "if" ? letsOf([...statement.then, ...statement.else]) : [];
  });
}

function bodiesIn(statements: readonly Statement[]): readonly (BlockItem | ForwardItem | ScanExpr)[] {
  return statements.flatMap((statement) => {
    if (statement.kind === "block" || statement.kind === "forward") return [statement];
    if (statement.kind === "let" && statement.value.kind === "scan") return [statement.value];
    return statement.kind === "if" ? bodiesIn([...statement.then, ...statement.else]) : [];
  });
}

/** What a body declares, and what stands between the brackets of its declaration. */
function namesOf(item: Body): readonly Name[] {
  const head = [
    ...("config" in item ? item.config : []),
    ...("params" in item ? item.params : []),
    ...("states" in item ? [...item.states, ...item.inputs] : []),
  ];
  return [...head.map((param) => param.name), ...declaredIn(item.body)];
}

function declaredIn(statements: readonly Statement[]): readonly Name[] {
  return statements.flatMap((statement): readonly Name[] => {
    switch (statement.kind) {
      case "let":
        return statement.names;
      case "param":
      case "block":
        return [statement.name];
      case "use":
        return statement.uses.flatMap((use) => use.path.names.slice(0, 1));
      case "if":
        return declaredIn([...statement.then, ...statement.else]);
      default:
        return [];
    }
  });
}
