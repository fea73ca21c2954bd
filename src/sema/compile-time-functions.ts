/**
 * Functions of compile-time numbers: `sqrt(head)` in a scale, `max(a, b)` of sizes. Some have the name of an op; the
 * op is meant as soon as an argument is a tensor.
 */
import type { Span } from "../support/source.ts";
import { Dim } from "../support/dim.ts";
import { mergeOrigins, numberOf } from "./arithmetic.ts";
import type { Entity } from "./entity.ts";
import { bool, float, int, kindText, poison } from "./entity.ts";
import { reportAtOrigin } from "./explain.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

interface NumberFunction {
  readonly arity: number;
  /** `same`: an int where all arguments are ints. */
  readonly result: "int" | "float" | "same";
  compute(...args: readonly number[]): number;
}

const FUNCTIONS: ReadonlyMap<string, NumberFunction> = new Map<string, NumberFunction>([
  ["sqrt", { arity: 1, result: "float", compute: (x = 0) => Math.sqrt(x) }],
  ["rsqrt", { arity: 1, result: "float", compute: (x = 0) => 1 / Math.sqrt(x) }],
  ["exp", { arity: 1, result: "float", compute: (x = 0) => Math.exp(x) }],
  ["log", { arity: 1, result: "float", compute: (x = 0) => Math.log(x) }],
  ["sin", { arity: 1, result: "float", compute: (x = 0) => Math.sin(x) }],
  ["cos", { arity: 1, result: "float", compute: (x = 0) => Math.cos(x) }],
  ["pow", { arity: 2, result: "same", compute: (x = 0, y = 0) => Math.pow(x, y) }],
  ["abs", { arity: 1, result: "same", compute: (x = 0) => Math.abs(x) }],
  ["min", { arity: 2, result: "same", compute: (x = 0, y = 0) => Math.min(x, y) }],
  ["max", { arity: 2, result: "same", compute: (x = 0, y = 0) => Math.max(x, y) }],
  ["floor", { arity: 1, result: "int", compute: (x = 0) => Math.floor(x) }],
  ["ceil", { arity: 1, result: "int", compute: (x = 0) => Math.ceil(x) }],
  ["round", { arity: 1, result: "int", compute: (x = 0) => Math.round(x) }],
  ["float", { arity: 1, result: "float", compute: (x = 0) => x }],
]);

/** `len` counts the items of a list, `contains` says whether one of them is a value. */
const [LENGTH, CONTAINS] = ["len", "contains"];

export function isCompileTimeFunction(name: string): boolean {
  return name === LENGTH || name === CONTAINS || FUNCTIONS.has(name);
}

export const COMPILE_TIME_FUNCTIONS: readonly string[] = [LENGTH, CONTAINS, ...FUNCTIONS.keys()];

/** The value of a call on compile-time values; poison after a report. */
export function callCompileTime(context: Context, name: string, args: readonly Entity[], at: Span): Entity {
  if (args.some((argument) => argument.kind === "poison")) return poison;
  const [first] = args;
  if (name === LENGTH) {
    if (args.length === 1 && first?.kind === "list") return int(Dim.of(first.items.length));
    report(context, "LLM0207", "`len` counts the items of one list", at);
    return poison;
  }
  if (name === CONTAINS) return contains(context, args, at);
  const found = FUNCTIONS.get(name);
  if (found === undefined) return poison;
  if (args.length !== found.arity) {
    report(context, "LLM0205", `\`${name}\` takes ${found.arity} argument${found.arity === 1 ? "" : "s"}`, at);
    return poison;
  }
  const numbers: number[] = [];
  for (const argument of args) {
    const value = numberOf(argument);
    if (value === undefined) {
      report(context, "LLM0207", `\`${name}\` takes numbers that are known here`, at, {
        label: `one of them is ${kindText(argument)}`,
      });
      return poison;
    }
    numbers.push(value);
  }
  const value = found.compute(...numbers);
  const isInt = found.result === "int" || (found.result === "same" && args.every((a) => a.kind === "int"));
  const origins = mergeOrigins(...args);
  if (isInt && Number.isSafeInteger(value)) return int(Dim.of(value), origins);
  if (isInt && Number.isInteger(value)) {
    report(context, "LLM0307", "a number beyond 2^53", at, { label: `is ${value}` });
    return poison;
  }
  if (Number.isFinite(value)) return float(value, origins);
  reportAtOrigin(context, "LLM0207", `\`${name}\` has no finite value here`, float(value, origins), at, {
    label: `\`${name}(${numbers.join(", ")})\``,
  });
  return poison;
}

/** Whether an item of a list equals a value; numbers are compared with numbers, texts with texts. */
function contains(context: Context, args: readonly Entity[], at: Span): Entity {
  const [list, wanted] = args;
  const value = plainOf(wanted);
  if (args.length !== 2 || list?.kind !== "list" || wanted === undefined || value === undefined) {
    report(context, "LLM0207", "`contains` takes a list and a number, text or bool that are known here", at);
    return poison;
  }
  const items = list.items.map(plainOf);
  if (items.some((item) => typeof item !== typeof value)) {
    report(context, "LLM0207", "`contains` compares a value with others of its kind", at, {
      label: `the value is ${kindText(wanted)}, and not all items are of its kind`,
    });
    return poison;
  }
  return bool(items.includes(value));
}

function plainOf(entity: Entity | undefined): number | boolean | string | undefined {
  if (entity?.kind === "bool" || entity?.kind === "text") return entity.value;
  return entity === undefined ? undefined : numberOf(entity);
}
