/**
 * Calls: blocks at their paths and functions are inlined after their signatures have been checked; everything else is
 * `repeat`, an op, or a compile-time function. After a mistake in an argument the body is still elaborated with the
 * declared types, so that its own mistakes are told too.
 */
import type { Argument, CallExpr, FnItem, LetStatement, Statement, TensorParam, TypeExpr } from "../../grammar/ast.ts";
import type { Value } from "../ir/ir.ts";
import { value } from "../ir/ir.ts";
import type { Span } from "../support/source.ts";
import { bindArguments } from "./bind-arguments.ts";
import { asConfig } from "./bind-config.ts";
import type { BlockShape } from "./block-shape.ts";
import { declareLetNames } from "./declare.ts";
import { COMPILE_TIME_FUNCTIONS, callCompileTime, isCompileTimeFunction } from "./compile-time-functions.ts";
import { mayInline, nearName } from "./effort.ts";
import type { Entity, FnEntity, InstanceEntity, Placed } from "./entity.ts";
import { isCompileTime, kindText, poison } from "./entity.ts";
import { compileTimeOf, evaluate } from "./evaluate.ts";
import { asTensor } from "./frame.ts";
import { callOp } from "./op-call.ts";
import { isTensorExpr } from "./is-tensor-expr.ts";
import { REPEAT, callRepeat } from "./repeat.ts";
import { foreignCall } from "./foreign-names.ts";
import { checkRequire } from "./require.ts";
import { evaluateScan } from "./scan.ts";
import { Scope } from "./scope.ts";
import type { Context } from "./session.ts";
import { entering, isTooDeep, report } from "./session.ts";
import type { Call } from "./signature.ts";
import { declaredType, isClosedType, matchArguments, matchResult } from "./signature.ts";

/** The way out where a body ends without a result. */
export const RETURN_HELP = "end the body with `return value`; behind an `if` without `else` one is needed as well";

export function evaluateCall(context: Context, expr: CallExpr, hint: string): Entity {
  const { callee } = expr;
  if (callee.kind === "ref" && context.scope.lookup(callee.name) === undefined)
    return callByName(context, expr, callee.name, callee.span, hint);
  const entity = callee.kind === "ref" ? calledEntity(context, callee.name, callee) : evaluate(context, callee);
  switch (entity.kind) {
    case "poison":
      return poison;
    case "instance":
      return callInstance(context, entity, expr, hint);
    case "fn":
      return callFn(context, entity, expr, hint);
    case "array":
      report(context, "LLM0215", `\`${entity.path}\` is a list of layers, and cannot be called`, callee.span, {
        related: [{ message: "declared here", at: entity.use.span }],
        help: `run all of them with \`repeat(${entity.path}, x)\``,
      });
      return poison;
    case "block":
      report(context, "LLM0209", `the block \`${entity.decl.name.text}\` has no path here`, callee.span, {
        help: `declare it with \`use name: ${entity.decl.name.text}(...)\`, and call \`name\``,
      });
      return poison;
    default:
      report(context, "LLM0209", `${kindText(entity)} cannot be called`, callee.span, hiddenOp(context, callee));
      return poison;
  }
}

/** Where what is called hides an op of the same name, that is probably the mistake. */
function hiddenOp(context: Context, callee: CallExpr["callee"]): { readonly help?: string } {
  if (callee.kind !== "ref" || !context.session.ops.has(callee.name)) return {};
  return { help: `the value hides the op \`${callee.name}\`: give it another name` };
}

/** A tensor of a block that is only declared is named as what it is. */
function calledEntity(context: Context, name: string, callee: CallExpr["callee"]): Entity {
  const found = context.scope.lookup(name);
  return found?.entity.kind === "later" ? found.entity : evaluate(context, callee);
}

function callByName(context: Context, expr: CallExpr, name: string, at: Span, hint: string): Entity {
  if (name === REPEAT) return callRepeat(context, expr, hint);
  const def = context.session.ops.get(name);
  // Asked of the form: what is evaluated to be looked at would be evaluated twice, and what is inside of it four times.
  const hasTensors = expr.args.some((argument) => isTensorExpr(argument.value, context.scope));
  if (isCompileTimeFunction(name) && (def === undefined || !hasTensors)) {
    const args = expr.args.map((argument) => evaluate({ ...context }, argument.value));
    if (def === undefined || args.every((argument) => isCompileTime(argument)))
      return callCompileTime(context, name, args, expr.span);
    if (args.some((argument) => argument.kind === "poison")) return poison;
  }
  if (def !== undefined) return callOp(context, def, expr, hint);
  const names = (): readonly string[] => [
    ...context.scope.names(),
    ...context.session.ops.keys(),
    ...COMPILE_TIME_FUNCTIONS,
    REPEAT,
  ];
  report(context, "LLM0201", `there is no block, function or op named \`${name}\``, at, {
    ...nearName(context, name, names),
    ...foreignCall(name),
  });
  for (const argument of expr.args) if (argument.value.kind !== "ref") evaluate(context, argument.value);
  return poison;
}

/** A block at its path: its body, inlined. */
function callInstance(context: Context, instance: InstanceEntity, expr: CallExpr, hint: string): Entity {
  const { decl } = instance.shape;
  if (decl.kind !== "block") return poison;
  const bound = bindTensors(context, instance.path, decl.params, expr.args, expr.callee.span);
  if (bound === undefined) return poison;
  return inlineInstance(context, instance, bound, expr.span, hint);
}

/** The tensors handed to a block in the order of its parameters; undefined entries after a mistake. */
export function bindTensors(
  context: Context,
  name: string,
  params: readonly TensorParam[],
  args: readonly Argument[],
  at: Span,
): readonly (Value | undefined)[] | undefined {
  const callee = { name, params: params.map((param) => ({ name: param.name.text, isOptional: false })), at };
  const bound = bindArguments(context, callee, args);
  if (bound === undefined) {
    for (const argument of args) if (argument.value.kind !== "ref") evaluate(context, argument.value);
    return undefined;
  }
  return params.map((param) => {
    const argument = bound.get(param.name.text);
    return argument && asTensor(context, evaluate(context, argument.value), argument.value.span);
  });
}

/** The body of a block with its tensors. `values` holds undefined where an argument was a mistake. */
export function inlineInstance(
  context: Context,
  instance: InstanceEntity,
  values: readonly (Value | undefined)[],
  at: Span,
  hint: string,
): Entity {
  const { shape, path, use } = instance;
  const { decl } = shape;
  if (decl.kind !== "block" || isRecursive(context, decl, at) || !mayInline(context, at)) return poison;
  if (context.frame === undefined) {
    report(context, "LLM0214", `\`${path}\` computes a tensor, and a compile-time value is needed`, at);
    return poison;
  }
  const scope = new Scope(shape.scope);
  const inner: Context = {
    ...entering(context, decl, at),
    scope,
    owners: new Map(context.owners).set(shape.scope, path),
  };
  // A block at the top of a file sees only the file: its `B` and `T` are whatever it is called with.
  const isFree = shape.scope.parent?.parent?.parent === undefined;
  const call: Call = { context: inner, name: path, at, declared: use.span, isFree };
  return inline(call, decl.params, decl.result, decl.body, values, hint, shape);
}

function callFn(context: Context, entity: FnEntity, expr: CallExpr, hint: string): Entity {
  const { decl } = entity;
  if (isRecursive(context, decl, expr.span) || !mayInline(context, expr.span)) return poison;
  const params = decl.params.map((param) => ({
    name: param.name.text,
    isOptional: !isTensorParam(param) && param.default !== undefined,
  }));
  const callee = { name: decl.name.text, params, declared: decl.name.span, at: expr.callee.span };
  const bound = bindArguments(context, callee, expr.args);
  if (bound === undefined) {
    for (const argument of expr.args) if (argument.value.kind !== "ref") evaluate(context, argument.value);
    return poison;
  }
  const scope = new Scope(entity.scope);
  const inner: Context = { ...entering(context, decl, expr.span), scope };
  const tensors: TensorParam[] = [];
  const values: (Value | undefined)[] = [];
  for (const param of decl.params) {
    const argument = bound.get(param.name.text);
    if (isTensorParam(param)) {
      tensors.push(param);
      values.push(argument && asTensor(context, evaluate(context, argument.value), argument.value.span));
    } else {
      const source = argument?.value ?? param.default;
      const given = source && evaluate(argument === undefined ? inner : context, source);
      scope.define(
        param.name.text,
        given === undefined ? poison : asConfig(context, param, given, source?.span ?? expr.span),
      );
    }
  }
  const call: Call = { context: inner, name: decl.name.text, at: expr.span, declared: decl.name.span, isFree: true };
  return inline(call, tensors, decl.result, decl.body, values, hint);
}

export function isTensorParam(param: FnItem["params"][number]): param is TensorParam {
  return "kind" in param.type;
}

/** Signature, body, result: the same for blocks and functions. */
function inline(
  call: Call,
  params: readonly TensorParam[],
  result: TypeExpr | undefined,
  body: readonly Statement[],
  given: readonly (Value | undefined)[],
  hint: string,
  shape?: BlockShape,
): Entity {
  const { context } = call;
  const known = given.filter((each) => each !== undefined);
  const isComplete = known.length === given.length && matchArguments(call, params, known);
  const values = isComplete ? known : params.map((param) => standIn(context, param));
  params.forEach((param, index) => {
    const tensor = values[index];
    context.scope.define(
      param.name.text,
      tensor === undefined ? poison : { kind: "tensor", value: tensor },
      param.name.span,
    );
  });
  if (!isComplete && values.includes(undefined)) return poison;
  const returned = runBody(context, body, hint, shape);
  if (returned === undefined) {
    report(context, "LLM0211", `\`${call.name}\` returns nothing`, call.at, { help: RETURN_HELP });
    return poison;
  }
  if (returned.entity.kind === "poison" || result === undefined) return returned.entity;
  const value = asTensor(context, returned.entity, returned.span);
  if (value === undefined) return poison;
  return matchResult(call, result, value, returned.span) ? { kind: "tensor", value } : declaredResult(context, result);
}

/** A tensor of the declared type in place of an argument that is a mistake. */
function standIn(context: Context, param: TensorParam): Value | undefined {
  if (!isClosedType(context, param.type)) return undefined;
  const type = declaredType(context, param.type);
  return type && value(type, param.name.text);
}

function declaredResult(context: Context, result: TypeExpr): Entity {
  const type = isClosedType(context, result) ? declaredType(context, result) : undefined;
  return type === undefined ? poison : { kind: "tensor", value: value(type) };
}

function isRecursive(context: Context, decl: FnItem | (BlockShape["decl"] & { kind: "block" }), at: Span): boolean {
  if (isTooDeep(context, decl, at)) return true;
  if (!context.active.includes(decl)) return false;
  report(context, "LLM0212", `\`${decl.name.text}\` calls itself`, at, {
    related: [{ message: "declared here", at: decl.name.span }],
    help: "layers that repeat are an array: `use layers: Layer[depth]`",
  });
  return true;
}

/** The names of a `let` as a hint for the values that it names. */
function hintOf({ names }: LetStatement): string {
  return names.map(({ text }) => text).join(" ");
}

/**
 * Runs the statements of a body up to `return`, whose value is the result. What `shape` has declared already (its
 * config-level `let`, its parameters, its conditions) is taken from there.
 */
export function runBody(
  context: Context,
  body: readonly Statement[],
  hint: string,
  shape?: BlockShape,
): Placed | undefined {
  for (const statement of body) {
    switch (statement.kind) {
      case "let":
        if (shape !== undefined && !shape.tensorLets.has(statement)) break;
        declareLetNames(
          context,
          statement,
          statement.value.kind === "scan"
            ? evaluateScan(context, statement.value, hintOf(statement))
            : evaluate(context, statement.value, hintOf(statement)),
        );
        break;
      case "return":
        return { entity: evaluate(context, statement.value, hint), span: statement.value.span };
      case "tap": {
        const tapped = asTensor(context, evaluate(context, statement.value), statement.value.span);
        if (context.frame !== undefined && context.frame.depth > 1)
          report(context, "LLM0224", "a tap in a loop inside of a loop", statement.span, {
            help: "put it into the block that holds the inner list",
          });
        else if (tapped !== undefined && context.session.taps)
          context.frame?.taps.push({ name: statement.name.value, value: tapped, span: statement.span });
        break;
      }
      case "if": {
        const chosen =
          shape === undefined
            ? compileTimeOf(context, statement.condition, "bool")?.value
            : shape.branches.get(statement);
        if (chosen === undefined) return { entity: poison, span: statement.span };
        const returned = runBody(context, chosen ? statement.then : statement.else, hint, shape);
        if (returned !== undefined) return returned;
        break;
      }
      case "require":
        if (shape === undefined) checkRequire(context, statement);
        break;
      case "block":
      case "use":
      case "param":
      case "forward":
      case "weights":
        // Declared with the shape; the parser refuses them where there is none.
        break;
    }
  }
  return undefined;
}
