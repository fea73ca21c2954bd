/**
 * A block under given config values: its names, its parameters and the blocks it uses, without a path and without its
 * tensors. Blocks used with equal config values of equal origin share one shape, so thirty equal layers are declared once. The tensor
 * statements of the body run at each call, in `call.ts`.
 */
import type {
  Argument,
  BlockItem,
  CallExpr,
  Expr,
  IfStatement,
  LetStatement,
  ModelItem,
  ParamStatement,
  ScanExpr,
  Statement,
  Use,
} from "../../grammar/ast.ts";
import type { Span } from "../support/source.ts";
import { bindConfig } from "./bind-config.ts";
import { callableEntity, declareLetNames, declareName } from "./declare.ts";
import type { ArrayEntity, BlockEntity, Entity, InstanceEntity, NamespaceEntity, ParameterEntity } from "./entity.ts";
import { int, originsOf, poison, valueText } from "./entity.ts";
import { compileTimeOf, evaluate } from "./evaluate.ts";
import { isTensorExpr } from "./is-tensor-expr.ts";
import { evaluateInt, parameterType } from "./types.ts";
import { reportAtOrigin } from "./explain.ts";
import { Scope } from "./scope.ts";
import type { Context } from "./session.ts";
import { entering, isTooDeep, report } from "./session.ts";
import { checkRequire } from "./require.ts";
import { Dim } from "../support/dim.ts";
import { MAX_BLOCKS, MAX_LAYERS } from "./size.ts";
import { blocksIn, instancesIn } from "./count-blocks.ts";
import { mayHold, nearName } from "./effort.ts";

export interface BlockShape {
  readonly decl: BlockItem | ModelItem;
  readonly scope: Scope;
  /** In the order of the source. Paths are relative to the block's own. */
  readonly members: readonly (InstanceEntity | ArrayEntity | ParameterEntity)[];
  /** The branch that each compile-time `if` of the body took. */
  readonly branches: ReadonlyMap<IfStatement, boolean>;
  /** `let` statements that wait for the call because they need tensors. */
  readonly tensorLets: ReadonlySet<Statement>;
}

/** A shape while its statements are read. */
interface Draft {
  readonly decl: BlockItem | ModelItem;
  readonly scope: Scope;
  readonly members: (InstanceEntity | ArrayEntity | ParameterEntity)[];
  readonly branches: Map<IfStatement, boolean>;
  readonly tensorLets: Set<Statement>;
}

const known = new WeakMap<BlockEntity, Map<string, BlockShape>>();

/**
 * The shape of `block` with the config values `args`; undefined after a mistake, which has been reported.
 * `at` is the place of the use.
 */
export function shapeOf(
  context: Context,
  block: BlockEntity,
  args: readonly Argument[],
  at: Span,
): BlockShape | undefined {
  const { decl } = block;
  if (isTooDeep(context, decl, at)) return undefined;
  if (context.active.includes(decl)) {
    report(context, "LLM0212", `the block \`${decl.name.text}\` contains itself`, at, {
      related: [{ message: "declared here", at: decl.name.span }],
      help: "layers that repeat are an array: `use layers: Layer[depth]`",
    });
    return undefined;
  }
  const values = bindConfig(context, decl.name.text, decl.config, block.scope, args, at);
  if (values === undefined) return undefined;
  const key = [...values].map(([name, value]) => `${name}=${keyText(value)}`).join(",");
  const shapes = known.get(block) ?? new Map<string, BlockShape>();
  known.set(block, shapes);
  const found = shapes.get(key);
  if (found !== undefined) return found;
  const config = new Scope(block.scope, "config");
  for (const [name, value] of values)
    config.define(name, value, decl.config.find((param) => param.name.text === name)?.name.span);
  const scope = new Scope(config);
  for (const { name } of decl.params) scope.define(name.text, { kind: "later", name: name.text }, name.span);
  const shape = declareBody({ ...entering(context, decl, at), scope }, decl, decl.body);
  if (![...values.values()].includes(poison)) shapes.set(key, shape);
  return shape;
}

/** Equal values that came from different config values make shapes with different culprits. */
function keyText(value: Entity): string {
  const origins = originsOf(value).map(({ name }) => name);
  return `${valueText(value) ?? "?"} of ${origins.join("+")}`;
}

/** Reads the compile-time statements of a block's or a model's body. `context.scope` becomes the shape's scope. */
export function declareBody(context: Context, decl: BlockItem | ModelItem, body: readonly Statement[]): BlockShape {
  const draft: Draft = { decl, scope: context.scope, members: [], branches: new Map(), tensorLets: new Set() };
  declareStatements(context, draft, body);
  return draft;
}

function declareStatements(context: Context, draft: Draft, body: readonly Statement[]): void {
  // Blocks first: one may use another that is declared below it.
  for (const statement of body)
    if (statement.kind === "block")
      declareName(context, statement.name.text, statement.name.span, callableEntity(context, statement));
  for (const statement of body) declareStatement(context, draft, statement);
}

function declareStatement(context: Context, draft: Draft, statement: Statement): void {
  switch (statement.kind) {
    case "block":
    case "return":
    case "tap":
      return;
    case "let":
      return declareLet(context, draft, statement);
    case "require":
      return checkRequire(context, statement);
    case "param":
      return declareParameter(context, draft, statement);
    case "use":
      return statement.uses.forEach((use) => declareUse(context, draft, use));
    case "if":
      return declareIf(context, draft, statement);
    case "forward":
    case "weights":
      // Read by `forward.ts` and `weight-rules.ts`; the parser refuses them in a block.
      return;
  }
}

function declareLet(context: Context, draft: Draft, statement: LetStatement): void {
  if (statement.value.kind !== "scan" && !isTensorExpr(statement.value, context.scope))
    return declareLetNames(context, statement, evaluate(context, statement.value));
  // The call says what is wrong: a block needs a path.
  if (draft.decl.kind === "model" && isCallOfBlock(context, statement.value))
    return declareLetNames(context, statement, evaluate(context, statement.value));
  if (draft.decl.kind === "model") {
    const names = statement.names.map((name) => `\`${name.text}\``).join(", ");
    const what = statement.isList ? `${names} are tensors` : `${names} is a tensor`;
    report(context, "LLM0214", `${what}, and a model's body has none outside of \`forward\``, statement.value.span, {
      help: "move it into `forward`",
    });
    return declareLetNames(context, statement, poison);
  }
  draft.tensorLets.add(statement);
  for (const { text, span } of statement.names) declareName(context, text, span, { kind: "later", name: text });
}

function isCallOfBlock(context: Context, value: Expr | ScanExpr): value is CallExpr {
  if (value.kind !== "call" || value.callee.kind !== "ref") return false;
  return context.scope.lookup(value.callee.name)?.entity.kind === "block";
}

function declareIf(context: Context, draft: Draft, statement: IfStatement): void {
  const condition = compileTimeOf(context, statement.condition, "bool");
  if (condition === undefined) return poisonNames(context, [...statement.then, ...statement.else]);
  const isTrue = condition.value === true;
  draft.branches.set(statement, isTrue);
  declareStatements(context, draft, isTrue ? statement.then : statement.else);
}

/** After a condition that is a mistake: what its branches declare is unknown, and not missing. */
function poisonNames(context: Context, statements: readonly Statement[]): void {
  const define = (name: string | undefined): void => {
    if (name !== undefined && context.scope.own(name) === undefined) context.scope.define(name, poison);
  };
  for (const statement of statements) {
    if (statement.kind === "use") for (const use of statement.uses) define(use.path.names[0]?.text);
    else if (statement.kind === "if") poisonNames(context, [...statement.then, ...statement.else]);
    else if (statement.kind === "let") statement.names.forEach((name) => define(name.text));
    else if (statement.kind === "param" || statement.kind === "block") define(statement.name.text);
  }
}

function declareParameter(context: Context, draft: Draft, statement: ParamStatement): void {
  const type = parameterType(context, statement.type);
  const { name } = statement;
  const made: ParameterEntity | undefined = type && { kind: "parameter", path: name.text, ...type, decl: statement };
  const isNew = declareName(context, name.text, name.span, made ?? poison, { mayHideConfig: true });
  if (isNew && made !== undefined) draft.members.push(made);
}

function declareUse(context: Context, draft: Draft, use: Use): void {
  const path = use.path.names.map((name) => name.text).join(".");
  const entity = useEntity(context, use, path);
  const isNew = declarePath(context, use, entity);
  if (isNew && (entity.kind === "instance" || entity.kind === "array")) draft.members.push(entity);
}

function useEntity(context: Context, use: Use, path: string): InstanceEntity | ArrayEntity | typeof poison {
  const found = context.scope.lookup(use.block.text)?.entity;
  if (found === undefined) {
    const isBlock = (each: string): boolean => context.scope.lookup(each)?.entity.kind === "block";
    const blocks = (): readonly string[] => context.scope.names().filter(isBlock);
    const name = use.block.text;
    const near = nearName(context, name, blocks);
    if (context.session.ops.has(name)) notABlock(context, use, `the op \`${name}\``, near);
    else report(context, "LLM0201", `there is no block named \`${name}\``, use.block.span, near);
    return poison;
  }
  if (found.kind === "poison") return poison;
  if (found.kind !== "block") {
    notABlock(context, use, `\`${use.block.text}\``, {});
    return poison;
  }
  if (use.array !== undefined) return useArray(context, use, path, found);
  const shape = shapeOf(context, found, use.args, use.span);
  if (shape === undefined || !mayHold(context, instancesIn(shape), use.span)) return poison;
  return { kind: "instance", shape, path, use };
}

/** LLM0231: what is used is called instead, because it has no parameters that need a path. */
function notABlock(context: Context, use: Use, what: string, near: { readonly help?: string }): void {
  report(context, "LLM0231", `${what} is not a block`, use.block.span, {
    help: near.help ?? "only blocks are used; ops and functions are called where their result is needed",
  });
}

function useArray(context: Context, use: Use, path: string, block: BlockEntity): ArrayEntity | typeof poison {
  const { array } = use;
  if (array === undefined) return poison;
  const from = array.from === undefined ? Dim.of(0) : evaluateInt(context, array.from)?.dim;
  const to = evaluateInt(context, array.to);
  const first = from?.asNumber();
  const last = to?.dim.asNumber();
  if (to === undefined || from === undefined) return poison;
  if (first === undefined || last === undefined) {
    report(context, "LLM0214", "the number of layers is not known before the model runs", array.to.span);
    return poison;
  }
  if (last <= first || first < 0 || last - first > MAX_LAYERS) {
    reportAtOrigin(context, "LLM0305", `a list of ${last - first} layers`, to, array.to.span, {
      label: "counts the layers",
      help: `a list has 1 to ${MAX_LAYERS} layers`,
    });
    return poison;
  }
  const layers: BlockShape[] = [];
  let uniform: BlockShape | undefined;
  for (let i = first; i < last; i++) {
    const shape = uniform ?? layerShape(context, use, block, i);
    if (shape === undefined) return poison;
    if (array.index === undefined) uniform = shape;
    layers.push(shape);
  }
  const blocks = layers.reduce((sum, shape) => sum + blocksIn(shape), 0);
  if (blocks > MAX_BLOCKS) {
    reportAtOrigin(
      context,
      "LLM0305",
      `a list of ${blocks} blocks, with those inside of its layers`,
      to,
      array.to.span,
      {
        label: "counts the layers",
        help: `a list holds at most ${MAX_BLOCKS} blocks in all`,
      },
    );
    return poison;
  }
  return { kind: "array", layers, first, path, use };
}

function layerShape(context: Context, use: Use, block: BlockEntity, i: number): BlockShape | undefined {
  const scope = new Scope(context.scope);
  if (use.array?.index !== undefined) scope.define(use.array.index.text, int(Dim.of(i)));
  return shapeOf({ ...context, scope }, block, use.args, use.span);
}

/** Puts an entity at a dotted path: all names but the last are namespaces. False after a report. */
function declarePath(context: Context, use: Use, entity: Entity): boolean {
  const names = use.path.names;
  const [head] = names;
  if (head === undefined) return false;
  if (names.length === 1) return declareName(context, head.text, head.span, entity);
  const own = context.scope.own(head.text);
  if (own?.kind === "poison") return false;
  let space: NamespaceEntity = own?.kind === "namespace" ? own : namespace(head.text);
  if (own?.kind !== "namespace" && !declareName(context, head.text, head.span, space)) return false;
  for (const [index, name] of names.slice(1).entries()) {
    const before = space.members.get(name.text);
    const isLast = index === names.length - 2;
    if (before?.kind === "namespace" && !isLast) {
      space = before;
      continue;
    }
    if (before !== undefined) {
      samePath(context, use, before);
      space.members.set(name.text, poison);
      return false;
    }
    const made = isLast ? entity : namespace(`${space.path}.${name.text}`);
    space.members.set(name.text, made);
    if (made.kind === "namespace") space = made;
  }
  return true;
}

function namespace(path: string): NamespaceEntity {
  return { kind: "namespace", path, members: new Map() };
}

function samePath(context: Context, use: Use, before: Entity): void {
  const path = use.path.names.map((name) => name.text).join(".");
  const related = "use" in before ? [{ message: "used first here", at: before.use.path.span }] : [];
  const help = "give one of them another path, or use it once and call it twice";
  report(context, "LLM0219", `the path \`${path}\` is used twice`, use.path.span, { related, help });
}
