/**
 * Warnings for what a file declares and never names: values, blocks at paths, parameters, config values, inputs. A
 * leading `_` says that it is meant so.
 */
import type {
  BlockItem,
  ConfigParam,
  Expr,
  File,
  FnItem,
  ForwardItem,
  ModelItem,
  Name,
  ScanExpr,
  Statement,
  TensorParam,
} from "../../grammar/ast.ts";
import { assertNever } from "../support/errors.ts";
import { refsIn } from "./explain.ts";
import { TOOL_CONFIG } from "./model-config.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { reachable } from "./suspicious.ts";

type Body = ModelItem | BlockItem | FnItem | ForwardItem;

interface Declared {
  readonly name: Name;
  readonly what: string;
}

const UNCHECKED = "remove it, or use it: a body is checked where it is used";

/** How to do without a name, where that is more than to remove it. */
const HELP: Readonly<Record<string, (name: string) => string>> = {
  "the value": (name) => `remove it, or call it \`_${name}\` if that is meant`,
  "the index": () => "a list of equal blocks is written `Layer[depth]`",
  "the block": () => UNCHECKED,
  "the function": () => UNCHECKED,
};

/** Reports declared names that occur nowhere in the body, or the file, they were declared in. */
export function warnUnused(context: Context, file: File): void {
  const bodies = file.items.filter((item) => item.kind === "model" || item.kind === "block" || item.kind === "fn");
  const usedIn = new Map(bodies.map((item) => [item, checkBody(context, item)]));
  for (const { kind, name } of bodies)
    if (kind !== "model" && !bodies.some((other) => other.name !== name && usedIn.get(other)?.has(name.text)))
      reportUnused(context, { name, what: kind === "block" ? "the block" : "the function" });
}

function reportUnused(context: Context, { name, what }: Declared): void {
  if (name.text.startsWith("_")) return;
  report(context, "LLM0220", `${what} \`${name.text}\` is never used`, name.span, {
    severity: "warning",
    // The name of a parameter is given by the checkpoint.
    help: HELP[what]?.(name.text) ?? "remove it",
  });
}

/** Gives the names that occur in the body. */
function checkBody(context: Context, item: Body): ReadonlySet<string> {
  const declared: Declared[] = [...headOf(item)];
  const used = new Set<string>();
  useHead(item, used);
  visit(item.body, declared, used, (inner) => checkBody(context, inner));
  for (const each of declared) if (!used.has(each.name.text)) reportUnused(context, each);
  return used;
}

/** What stands between the brackets of a declaration. Some config values of a model are read by the tools. */
function headOf(item: Body): readonly Declared[] {
  const config = "config" in item ? item.config : [];
  const params: readonly (ConfigParam | TensorParam)[] = "params" in item ? item.params : [];
  return [
    ...config
      .filter(({ name }) => item.kind !== "model" || !TOOL_CONFIG.includes(name.text))
      .map(({ name }) => ({ name, what: "the config value" })),
    ...params.map(({ name }) => ({ name, what: item.kind === "forward" ? "the input" : "the argument" })),
  ];
}

/** The names in the defaults and the types of a declaration. */
function useHead(item: Body, used: Set<string>): void {
  const use = (expr: Expr): void => refsIn(expr, (ref) => used.add(ref.name));
  const params: readonly (ConfigParam | TensorParam)[] = "params" in item ? item.params : [];
  for (const param of [...("config" in item ? item.config : []), ...params])
    if ("default" in param && param.default !== undefined) use(param.default);
  const result = "result" in item && item.result !== undefined ? [item.result] : [];
  const types = params.flatMap(({ type }) => ("dims" in type ? [type] : []));
  for (const type of [...types, ...result]) type.dims.forEach(use);
}

function visitScan(
  { states, over, inputs, body }: ScanExpr,
  declared: Declared[],
  used: Set<string>,
  enter: (inner: BlockItem | ForwardItem) => void,
): void {
  const outside = [...states.flatMap(({ type, start }) => [...type.dims, ...(start === undefined ? [] : [start])]), over, ...inputs.map(({ value }) => value)]; // prettier-ignore
  for (const expr of outside) refsIn(expr, (ref) => used.add(ref.name));
  visit(body, declared, used, enter);
}

/** Collects what statements declare, and all names that occur in them, also in the bodies inside. */
function visit(
  statements: readonly Statement[],
  declared: Declared[],
  used: Set<string>,
  enter: (inner: BlockItem | ForwardItem) => void,
): void {
  const use = (expr: Expr): void => refsIn(expr, (ref) => used.add(ref.name));
  for (const statement of reachable(statements)) {
    switch (statement.kind) {
      case "let":
        for (const name of statement.names) declared.push({ name, what: "the value" });
        if (statement.value.kind === "scan") visitScan(statement.value, declared, used, enter);
        else use(statement.value);
        break;
      case "param":
        declared.push({ name: statement.name, what: "the parameter" });
        statement.type.dims.forEach(use);
        break;
      case "use":
        for (const each of statement.uses) {
          const [head] = each.path.names;
          if (head !== undefined && each.path.names.length === 1) declared.push({ name: head, what: "the block at" });
          used.add(each.block.text);
          if (each.array?.index !== undefined) declared.push({ name: each.array.index, what: "the index" });
          each.args.forEach((argument) => use(argument.value));
          for (const end of [each.array?.from, each.array?.to]) if (end !== undefined) use(end);
        }
        break;
      case "require":
        use(statement.condition);
        break;
      case "if":
        use(statement.condition);
        for (const branch of [statement.then, statement.else]) visit(branch, declared, used, enter);
        break;
      case "return":
      case "tap":
        use(statement.value);
        break;
      case "block":
      case "forward":
        if (statement.kind === "block") declared.push({ name: statement.name, what: "the block" });
        enter(statement);
        // A body inside sees the names around it.
        visit(statement.body, [], used, (inner) => visit(inner.body, [], used, () => undefined));
        useHead(statement, used);
        break;
      case "weights":
        break;
      default:
        assertNever(statement, "statement");
    }
  }
}
