/** Warnings for what a file declares and never names: values, blocks at paths, parameters. */
import type {
  BlockItem,
  Expr,
  File,
  FnItem,
  ForwardItem,
  ModelItem,
  Name,
  ScanExpr,
  Statement,
} from "../../grammar/ast.ts";
import { assertNever } from "../support/errors.ts";
import { refsIn } from "./explain.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

interface Declared {
  readonly name: Name;
  readonly what: string;
}

/** Reports declared names that occur nowhere in the body they were declared in. A leading `_` says it is meant so. */
export function warnUnused(context: Context, file: File): void {
  for (const item of file.items)
    if (item.kind === "model" || item.kind === "block" || item.kind === "fn") checkBody(context, item);
}

function checkBody(context: Context, item: ModelItem | BlockItem | FnItem | ForwardItem): void {
  const declared: Declared[] = [];
  const used = new Set<string>();
  visit(item.body, declared, used, (inner) => checkBody(context, inner));
  for (const { name, what } of declared)
    if (!used.has(name.text) && !name.text.startsWith("_"))
      report(context, "LLM0220", `${what} \`${name.text}\` is never used`, name.span, { severity: "warning" });
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
  for (const statement of statements) {
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
          each.args.forEach((argument) => use(argument.value));
          for (const end of [each.array?.from, each.array?.to]) if (end !== undefined) use(end);
        }
        break;
      case "require":
        use(statement.condition);
        break;
      case "if":
        use(statement.condition);
        visit([...statement.then, ...statement.else], declared, used, enter);
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
        [...statement.params.map((param) => param.type), ...(statement.result ? [statement.result] : [])].forEach(
          (type) => type.dims.forEach(use),
        );
        break;
      case "weights":
        break;
      default:
        assertNever(statement, "statement");
    }
  }
}
