/** The model's `forward` as the function `@forward`: its arguments, its body, its result, and the taps. */
import type { ForwardItem, ModelItem } from "../../grammar/ast.ts";
import { Builder } from "../ir/builder.ts";
import type { Func, FuncArg, Value } from "../ir/ir.ts";
import { value } from "../ir/ir.ts";
import { locOf } from "../support/source.ts";
import type { BlockShape } from "./block-shape.ts";
import { declareName } from "./declare.ts";
import { RETURN_HELP, runBody } from "./call.ts";
import { asTensor, newFrame } from "./frame.ts";
import { Scope } from "./scope.ts";
import type { Context, Frame } from "./session.ts";
import { report } from "./session.ts";
import type { Call } from "./signature.ts";
import { declaredType, matchResult } from "./signature.ts";

/** The name of the result that `forward` returns. */
const RESULT = "logits";
/** What the text of the IR can hold as the name of a result. */
const RESULT_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** The only `forward` of a model; undefined after a report. */
export function forwardOf(context: Context, model: ModelItem): ForwardItem | undefined {
  const [first, second] = model.body.filter((statement) => statement.kind === "forward");
  if (first === undefined)
    report(context, "LLM0210", `the model \`${model.name.text}\` has no \`forward\``, model.name.span, {
      help: "say what it computes: `forward(tokens: i32[B, T]) -> f[B, T, vocab] { ... }`",
    });
  if (first !== undefined && second !== undefined)
    report(context, "LLM0210", `the model \`${model.name.text}\` has two \`forward\``, second.span, {
      related: [{ message: "the first one", at: first.span }],
    });
  return second === undefined ? first : undefined;
}

/** `@forward`, or undefined after a report. */
export function buildForward(context: Context, shape: BlockShape, forward: ForwardItem): Func | undefined {
  const scope = new Scope(shape.scope);
  const frame = newFrame(new Builder(context.session.ops));
  const inner: Context = { ...context, scope, frame, owners: new Map([[shape.scope, ""]]) };
  const args: FuncArg[] = [];
  let isFine = true;
  for (const param of forward.params) {
    const type = declaredType(inner, param.type);
    if (type === undefined && param.type.rest)
      report(inner, "LLM0207", "the sizes of an input are `B`, `T` and config values", param.type.span);
    const made = type && value(type, param.name.text);
    declareName(
      inner,
      param.name.text,
      param.name.span,
      made === undefined ? { kind: "poison" } : { kind: "tensor", value: made },
    );
    if (made === undefined) isFine = false;
    else args.push({ name: param.name.text, mode: "in", value: made });
  }
  const returned = runBody(inner, forward.body, RESULT);
  if (returned === undefined) {
    report(
      inner,
      "LLM0211",
      "`forward` returns nothing",
      { ...forward.span, end: forward.result.span.end },
      {
        help: RETURN_HELP,
      },
    );
    return undefined;
  }
  const result = asTensor(inner, returned.entity, returned.span);
  if (result === undefined || !isFine) return undefined;
  const call: Call = {
    context: inner,
    name: "forward",
    at: forward.span,
    declared: forward.result.span,
    isFree: false,
  };
  if (!matchResult(call, forward.result, result, returned.span)) return undefined;
  return {
    name: "forward",
    loc: locOf({ ...forward.span, end: forward.result.span.end }),
    args,
    results: [{ name: RESULT }, ...frame.taps.map((tap) => ({ name: tap.name }))],
    body: frame.builder.block(
      args.map((arg) => arg.value),
      [result, ...tapValues(inner, frame)],
    ),
  };
}

function tapValues(context: Context, frame: Frame): readonly Value[] {
  const names = new Set([RESULT]);
  return frame.taps.map((tap) => {
    if (!RESULT_NAME.test(tap.name))
      report(context, "LLM0207", `\`${tap.name}\` is no name of a result: words joined by points`, tap.span);
    else if (names.has(tap.name)) report(context, "LLM0202", `two results are named \`${tap.name}\``, tap.span);
    names.add(tap.name);
    return tap.value;
  });
}
