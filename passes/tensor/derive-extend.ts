/**
 * derive-extend: from the causal `@forward(tokens: i32[B, T]) -> f[B, T, V]` the functions that a session calls:
 *
 *     @extend(tokens: i32[B, T], count: i32[B], inout pos: i32[B], inout k..., inout v...) -> logits f[B, V]
 *     @extend1, the same with T = 1
 *
 * Row b brings `count[b]` new tokens, padded on the right, at positions `pos[b] + t`; logits are those of its last real
 * token; pos advances by count. Keys and values of each attention lie in caches `[B, G, S, D]`, families where the
 * attention stands in a loop over layers. A table of learned positions must have a row for each position of the
 * capacities, because a row beyond its last one would silently be its last one. Where `forward` is not causal the module stays as it is; that is an error
 * only if generation is wanted. Results of `forward` behind its first (hidden states that a build taps) are dropped.
 */
import { Builder } from "../../src/ir/builder.ts";
import type { Func, FuncArg, FuncResult, Module, Value } from "../../src/ir/ir.ts";
import { funcNamed, value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { removeDead } from "../../src/ir/remove-dead.ts";
import { substituteSymbols } from "../../src/ir/specialize.ts";
import { isFloat, tensorType, typeText } from "../../src/ir/type.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass } from "../manager/pass.ts";
import { CONTEXT, ExtendBody } from "./extend/extend-body.ts";
import type { Problem } from "./extend/extend-body.ts";
import type { PositionTable } from "./extend/position-tables.ts";
import { holds, positionTables, positionsHeld } from "./extend/position-tables.ts";
import { ROWS, TOKENS } from "./extend/positions.ts";
import { selectLast } from "./extend/select-last.ts";

/** `if-possible`: a model that cannot generate keeps only its `forward`, silently. */
export type Generation = "required" | "if-possible";

export function deriveExtend(generation: Generation): Pass<Module> {
  return {
    name: "derive-extend",
    summary:
      "Adds @extend and @extend1, which continue sequences with a cache of keys and values, to a causal @forward.",
    promise: "reassociates",
    requires: [],
    establishes: [],
    destroys: [],
    required: true,
    run(module, { ops, capacities }) {
      const forward = funcNamed(module, "forward");
      if (forward === undefined) return { ir: module, diagnostics: [] };
      const bound = BOUNDS[generation];
      const positions = capacities[bound.symbol];
      const short = positions === undefined ? [] : shortTables(positionTables(forward, ops), positions, bound);
      const derived = extendOf(forward, ops);
      if (isFunc(derived)) {
        const single = { ...substituteSymbols(derived, ops, { [TOKENS]: 1 }), name: "extend1" };
        return { ir: { ...module, funcs: [...module.funcs, single, derived] }, diagnostics: short };
      }
      return { ir: module, diagnostics: generation === "required" ? [...derived, ...short] : short };
    },
  };
}

function isFunc(derived: Func | readonly Diagnostic[]): derived is Func {
  return "body" in derived;
}

/** `@extend` over all T tokens of a call, or the diagnostics that say why there is none. */
export function extendOf(forward: Func, ops: OpTable): Func | readonly Diagnostic[] {
  const misfit = formSentence(forward);
  if (misfit !== undefined) return [formDiagnostic(misfit, forward)];
  const rows = tensorType("i32", [Dim.symbol(ROWS)]);
  const [tokens, count, pos] = [value(tokensType(), "tokens"), value(rows, "count"), value(rows, "pos")];
  const walker = new ExtendBody(ops, pos, count);
  walker.map(defined(forward.args[0], "forward has one argument").value, tokens);
  const b = new Builder(ops);
  const caches = walker.emitBlock(forward.body, b, 0);
  if (walker.problems.length > 0) return walker.problems.map(lookAhead);
  const all = walker.lookup(defined(forward.body.yields[0], "forward has a result"));
  if (all.isLifted) return [formDiagnostic("its result does not depend on the tokens", forward)];
  const selected = selectLast(b.block([], [all.value, ...caches.map((cache) => cache.after)]), all.value, count, ops);
  const end = new Builder(ops);
  for (const op of selected.ops) end.push(op);
  const advanced = end.emit("add", [pos, count], {}, "pos");
  const states = [{ before: pos, after: advanced }, ...caches];
  const names = ["pos", ...stateNames(caches.map((cache) => cache.before.name))];
  return removeDead(funcOf(tokens, count, states, names, selected.logits, end), ops);
}

interface State {
  readonly before: Value;
  readonly after: Value;
}

function funcOf(
  tokens: Value,
  count: Value,
  states: readonly State[],
  names: readonly string[],
  logits: Value,
  b: Builder,
): Func {
  const nameOf = (i: number): string => defined(names[i], "a name for each state");
  const args: readonly FuncArg[] = [
    { name: "tokens", mode: "in", value: tokens },
    { name: "count", mode: "in", value: count },
    ...states.map((state, i): FuncArg => ({ name: nameOf(i), mode: "inout", value: state.before })),
  ];
  const results: readonly FuncResult[] = [
    { name: "logits" },
    ...states.map((_, i): FuncResult => ({ name: nameOf(i), into: nameOf(i) })),
  ];
  const yields = [logits, ...states.map((state) => state.after)];
  return {
    name: "extend",
    args,
    results,
    body: b.block(
      args.map((arg) => arg.value),
      yields,
    ),
  };
}

/** k and v for one attention; k0, v0, k1, v1, ... where a model or a loop body has several. */
function stateNames(hints: readonly string[]): readonly string[] {
  return hints.map((hint, i) => {
    const nth = hints.slice(0, i).filter((other) => other === hint).length;
    return hints.filter((other) => other === hint).length > 1 || TAKEN.has(hint) ? `${hint}${nth}` : hint;
  });
}

/** Names of other arguments of the derived functions, which no state may have. */
const TAKEN: ReadonlySet<string> = new Set(["tokens", "count", "pos", "logits", "token", "active", "step", "next", "stops", "seed", "temperature", "top_k", "top_p"]); // prettier-ignore

function tokensType(): Value["type"] {
  return tensorType("i32", [Dim.symbol(ROWS), Dim.symbol(TOKENS)]);
}

/** Why the signature is not that of a language model, or undefined where it is. */
function formSentence(forward: Func): string | undefined {
  const [tokens] = forward.args;
  const signature = forward.args.map((arg) => `${arg.name}: ${typeText(arg.value.type)}`).join(", ");
  if (forward.args.length !== 1 || tokens === undefined || typeText(tokens.value.type) !== typeText(tokensType()))
    return `it takes (${signature})`;
  const [logits] = forward.body.yields;
  const [rows, positions] = logits?.type.dims ?? [];
  const isLogits =
    logits !== undefined && isFloat(logits.type.dtype) && logits.type.dims.length === 3 &&
    rows?.equals(Dim.symbol(ROWS)) === true && positions?.equals(Dim.symbol(TOKENS)) === true; // prettier-ignore
  return isLogits ? undefined : `it gives ${logits === undefined ? "nothing" : typeText(logits.type)}`;
}

function formDiagnostic(found: string, { loc }: Func): Diagnostic {
  return diagnostic("LLM0502", `\`forward\` cannot be extended token by token: ${found}`, {
    ...(loc === undefined ? {} : { loc, label: "generation needs tokens in and scores out" }),
    help: "give it the form `forward(tokens: i32[B, T]) -> f[B, T, vocab]`, or build with `--entries forward`",
  });
}

function lookAhead({ sentence, loc, label, help }: Problem): Diagnostic {
  return diagnostic("LLM0501", `\`forward\` cannot be split into tokens: ${sentence}`, {
    ...(loc === undefined ? {} : { loc, label: label ?? "here a token's result needs other positions" }),
    help: help ?? "let tokens meet in a causal attention only, or build with `--entries forward`",
  });
}

/** What bounds the positions of a build, in words: a session's cache, or the call where nothing is generated. */
interface Bound {
  readonly symbol: string;
  readonly option: string;
  readonly words: (positions: number) => string;
}
const BOUNDS: Readonly<Record<Generation, Bound>> = {
  required: { symbol: CONTEXT, option: "--context", words: (positions) => `the context is ${positions}` },
  "if-possible": { symbol: TOKENS, option: "--chunk", words: (positions) => `a call has up to ${positions} tokens` },
};

/** The tables of learned positions that have fewer rows than the build has positions. */
function shortTables(
  tables: readonly PositionTable[],
  positions: number,
  { option, words }: Bound,
): readonly Diagnostic[] {
  const held = positionsHeld(tables, positions);
  return tables
    .filter((table) => !holds(table, positions))
    .map(({ path, rows, loc }) => {
      const name = path === undefined ? "a table of positions" : `the table of positions \`${path}\``;
      return diagnostic("LLM0503", `${name} has ${rows} rows, and ${words(positions)}`, {
        ...(loc === undefined ? {} : { loc, label: `position ${positions - 1} has no row here` }),
        help: held > 0 ? `build with \`${option} ${held}\`, or give the table more rows` : "give the table more rows",
      });
    });
}
