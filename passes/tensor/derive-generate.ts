/**
 * derive-generate: from `@extend` and `@extend1` the functions that generation calls, with sampling and the session's
 * state on the device. `@prefill` takes a prompt; `@decode` takes its token from the state:
 *
 *     @prefill(tokens: i32[B, T], count: i32[B], temperature, top_k, top_p, min_p, seed, stops, penalties: f32[3],
 *              logit_bias: f32[B, V], inout token, inout active, inout step, inout counts: i32[B, V], inout pos,
 *              inout caches...) -> token
 *     @decode (the same without tokens and count)
 *
 * `active[b]` is 1 while row b goes on and 0 from its stop token on. It is the count that `@decode` hands to `extend`,
 * so the kernels of `@extend1` serve there as they are. A row with `count = 0` (or inactive) keeps its token, its
 * `active`, its counts and its caches; step counts calls. A prompt makes its row active whatever it was.
 *
 * `penalties` are those of the op `penalize` (repetition, presence, frequency), and `counts` is what it reads: whoever
 * starts a text writes 1 for each token of its prompt and 0 elsewhere, and `@decode` adds 2 for the token that it takes
 * in. So `@prefill` counts nothing: it may be called for parts of a prompt, whose sampled tokens nobody wants.
 */
import { Builder } from "../../src/ir/builder.ts";
import type { Func, FuncArg, FuncResult, Module, Value } from "../../src/ir/ir.ts";
import { funcNamed, value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { inlineBlock } from "../../src/ir/rewrite.ts";
import type { DType } from "../../src/ir/type.ts";
import { tensorType } from "../../src/ir/type.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass } from "../manager/pass.ts";
import { scalarConstant } from "./constants.ts";
import { ROWS } from "./extend/positions.ts";

/** How many stop tokens a session has; unused ones are -1. */
export const STOPS = 8;

/** Repetition, presence, frequency. */
const PENALTIES = 3;

export const deriveGenerate: Pass<Module> = {
  name: "derive-generate",
  summary: "Adds @prefill and @decode, which sample and keep the session's state, to a module with @extend.",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: true,
  run(module, { ops }) {
    const [extend, single] = [funcNamed(module, "extend"), funcNamed(module, "extend1")];
    if (extend === undefined || single === undefined) return { ir: module, diagnostics: [] };
    return {
      ir: { ...module, funcs: [...module.funcs, prefillOf(extend, ops), decodeOf(single, ops)] },
      diagnostics: [],
    };
  },
};

interface Controls {
  readonly temperature: Value;
  readonly top_k: Value;
  readonly top_p: Value;
  readonly min_p: Value;
  readonly seed: Value;
  readonly stops: Value;
  readonly penalties: Value;
  readonly logit_bias: Value;
}

/** State of the session beside what `extend` itself keeps. */
interface Session {
  readonly token: Value;
  readonly active: Value;
  readonly step: Value;
  readonly counts: Value;
}

function prefillOf(extend: Func, ops: OpTable): Func {
  const [controls, session, states] = [newControls(extend), newSession(extend), newStates(extend)];
  const tokens = renewed(extend, 0);
  const count = renewed(extend, 1);
  const b = new Builder(ops);
  const extended = inlineBlock(b, extend.body, [tokens, count, ...states]);
  const next = emitSample(b, extended, controls, session);
  const made = emitSession(b, next, count, session, controls.stops);
  const inputs: readonly FuncArg[] = [input("tokens", tokens), input("count", count)];
  return generateFunc("prefill", inputs, controls, session, made, extend, states, extended, b);
}

function decodeOf(extend: Func, ops: OpTable): Func {
  const [controls, session, states] = [newControls(extend), newSession(extend), newStates(extend)];
  const b = new Builder(ops);
  const tokens = b.emit("reshape", [session.token], { shape: [Dim.symbol(ROWS), 1] }, "tokens");
  const extended = inlineBlock(b, extend.body, [tokens, session.active, ...states]);
  const counted = { ...session, counts: emitCounts(b, tokens, session) };
  const next = emitSample(b, extended, controls, counted);
  const made = emitSession(b, next, session.active, counted, controls.stops);
  return generateFunc("decode", [], controls, session, made, extend, states, extended, b);
}

/** The counts with the tokens that this step takes in; tokens is i32[B, 1]. */
function emitCounts(b: Builder, tokens: Value, { active, counts }: Session): Value {
  const vocabulary = defined(counts.type.dims[1], "counts has an axis of tokens");
  const isTaken = b.emit("eq", [tokens, b.emit("iota", [], { shape: [vocabulary], axis: 0 })]);
  const isActive = b.emit("gt", [active, scalarConstant(b, "i32", 0)]);
  const isCounted = b.emit("and", [isTaken, b.emit("reshape", [isActive], { shape: tokens.type.dims })]);
  const generated = b.emit("select", [isCounted, scalarConstant(b, "i32", 2), scalarConstant(b, "i32", 0)]);
  return b.emit("add", [counts, generated], {}, "counts");
}

function emitSample(b: Builder, extended: readonly Value[], controls: Controls, session: Session): Value {
  const logits = defined(extended[0], "extend gives logits");
  const x = logits.type.dtype === "f32" ? logits : b.emit("cast", [logits], { dtype: "f32" });
  const penalties = Array.from({ length: PENALTIES }, (_, i) =>
    b.emit("slice", [controls.penalties], { axis: 0, start: i, end: i + 1 }),
  );
  const wanted = b.emit("penalize", [x, session.counts, controls.logit_bias, ...penalties], {}, "logits");
  const { temperature, top_k, top_p, min_p, seed } = controls;
  return b.emit("sample", [wanted, temperature, top_k, top_p, min_p, seed, session.step], {}, "next");
}

/**
 * The next token, active and step. Rows that bring no tokens keep what they have. What stops is read off the next state,
 * so that the drawn token has one reader and sampler and state are one kernel.
 */
function emitSession(b: Builder, next: Value, count: Value, old: Session, stops: Value): Session {
  const hasTokens = b.emit("gt", [count, scalarConstant(b, "i32", 0)]);
  const token = b.emit("select", [hasTokens, next, old.token], {}, "token");
  const goesOn = b.emit("cast", [b.emit("not", [emitIsStop(b, token, stops)])], { dtype: "i32" });
  return {
    token,
    active: b.emit("select", [hasTokens, goesOn, old.active], {}, "active"),
    step: b.emit("add", [old.step, scalarConstant(b, "u32", 1)], {}, "step"),
    counts: old.counts,
  };
}

/** `token[b]` is one of the stops. Written as a chain of points on [B], so that it fits behind the sampler. */
function emitIsStop(b: Builder, token: Value, stops: Value): Value {
  const hits = Array.from({ length: STOPS }, (_, i) =>
    b.emit("eq", [token, b.emit("slice", [stops], { axis: 0, start: i, end: i + 1 })]),
  );
  return hits.reduce((any, hit) => b.emit("or", [any, hit]));
}

/** Arguments: inputs, controls, session, then extend's own state; results: all the state. */
function generateFunc(
  name: string,
  inputs: readonly FuncArg[],
  controls: Controls,
  session: Session,
  next: Session,
  extend: Func,
  states: readonly Value[],
  extended: readonly Value[],
  b: Builder,
): Func {
  const stateNames = extend.args.slice(2).map((arg) => arg.name);
  const before = [...Object.entries(session), ...stateNames.map((state, i) => [state, states[i]] as const)];
  const after = [next.token, next.active, next.step, next.counts, ...extended.slice(1)];
  const args: readonly FuncArg[] = [
    ...inputs,
    ...Object.entries(controls).map(([control, made]: [string, Value]) => input(control, made)),
    ...before.map(([state, made]): FuncArg => ({ name: state, mode: "inout", value: defined(made, state) })),
  ];
  const results = before.map(([state]): FuncResult => ({ name: state, into: state }));
  return {
    name,
    args,
    results,
    body: b.block(
      args.map((arg) => arg.value),
      after,
    ),
  };
}

function input(name: string, made: Value): FuncArg {
  return { name, mode: "in", value: made };
}

function scalar(dtype: DType, name: string): Value {
  return value(tensorType(dtype, []), name);
}

function newControls(extend: Func): Controls {
  return {
    temperature: scalar("f32", "temperature"),
    top_k: scalar("i32", "top_k"),
    top_p: scalar("f32", "top_p"),
    min_p: scalar("f32", "min_p"),
    seed: scalar("u32", "seed"),
    stops: value(tensorType("i32", [STOPS]), "stops"),
    penalties: value(tensorType("f32", [PENALTIES]), "penalties"),
    logit_bias: perToken(extend, "f32", "logit_bias"),
  };
}

function newSession(extend: Func): Session {
  const rows = tensorType("i32", [Dim.symbol(ROWS)]);
  return {
    token: value(rows, "token"),
    active: value(rows, "active"),
    step: scalar("u32", "step"),
    counts: perToken(extend, "i32", "counts"),
  };
}

/** [B, V], as the logits. */
function perToken(extend: Func, dtype: DType, name: string): Value {
  const logits = defined(extend.body.yields[0], "extend gives logits");
  return value(tensorType(dtype, logits.type.dims), name);
}

/** Fresh values for what `extend` keeps: pos and the caches. */
function newStates(extend: Func): readonly Value[] {
  return extend.args.slice(2).map((_, i) => renewed(extend, i + 2));
}

function renewed(func: Func, index: number): Value {
  const arg = defined(func.args[index], `@${func.name} has an argument ${index}`);
  return value(arg.value.type, arg.name);
}
