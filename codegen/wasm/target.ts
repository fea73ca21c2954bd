/**
 * How WebAssembly says each scalar operation, on scalars and on vectors of four in a `v128` (a vector of two lies in the
 * lower half). A bool is 0 or 1, a lane of a bool vector all ones or zeros. Operands come as code that may stand more
 * than once where `repeatsOperands` says so.
 */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { BinaryOp, Expression, KType, Scalar, UnaryOp } from "../../src/kernel/ir.ts";
import { floatBits } from "./encode.ts";
import type { Instruction } from "./instructions.ts";
import type { WasmType } from "./module.ts";

export type Code = readonly Instruction[];

/** Where a value of this type is kept. */
export function wasmType({ scalar, lanes }: KType): WasmType {
  if (scalar === "f16") throw new InternalError("WebAssembly has no f16 values");
  if (lanes !== 1) return "v128";
  return scalar === "f32" ? "f32" : "i32";
}

export function constantCode(value: number, { scalar, lanes }: KType): Code {
  if (lanes === 1)
    return [[scalar === "f32" ? "f32.const" : "i32.const", scalar === "f32" ? Math.fround(value) : value]];
  const word = scalar === "f32" ? floatBits(value) : scalar === "bool" ? (value === 0 ? 0 : -1) : value;
  return [["v128.const", word, word, word, word]];
}

/** Whether the code of some operand stands more than once, so that it should be short and without effect. */
export function repeatsOperands(expression: Expression, isLiteral: (operand: "y") => boolean): boolean {
  if (expression.kind === "unary") return expression.op === "abs" && expression.x.type.scalar === "i32";
  if (expression.kind !== "binary") return false;
  const { op, x } = expression;
  if (x.type.scalar === "f32") return op === "rem";
  if (op === "div" || op === "rem") return x.type.lanes > 1 || !isLiteral("y");
  return isLanewise(op, x.type) && !isLiteral("y");
}

export function unaryCode(op: UnaryOp, x: Code, type: KType): Code {
  const isVector = type.lanes > 1;
  const shape = shapeOf(type);
  switch (op) {
    case "neg":
      if (type.scalar === "f32" || isVector) return [...x, [`${shape}.neg`]];
      return [["i32.const", 0], ...x, ["i32.sub"]];
    case "abs":
      if (type.scalar === "u32") return x;
      if (type.scalar === "f32" || isVector) return [...x, [`${shape}.abs`]];
      return [...x, ...signMask(x), ["i32.xor"], ...signMask(x), ["i32.sub"]];
    case "not":
      if (isVector) return [...x, ["v128.not"]];
      return type.scalar === "bool" ? [...x, ["i32.eqz"]] : [...x, ["i32.const", -1], ["i32.xor"]];
    case "floor":
    case "sqrt":
      return [...x, [`${shape}.${op}`]];
    case "rsqrt":
      return [...constantCode(1, type), ...x, [`${shape}.sqrt`], [`${shape}.div`]];
    case "exp":
    case "log":
    case "sin":
    case "cos":
    case "tanh":
    case "erf":
    case "round_f16":
    case "round_bf16":
      throw new InternalError(`WebAssembly has no ${op}: legalize writes it out`);
    default:
      return assertNever(op, "unary operation");
  }
}

function signMask(x: Code): Code {
  return [...x, ["i32.const", 31], ["i32.shr_s"]];
}

const BITWISE: readonly BinaryOp[] = ["and", "or", "xor"];

/** `literal` is y where it is known, the same in all lanes; `type` that of the operands. */
export function binaryCode(op: BinaryOp, x: Code, y: Code, type: KType, literal?: number): Code {
  const shape = shapeOf(type);
  const isVector = type.lanes > 1;
  if (op === "pow" || op === "dot") throw new InternalError(`${op} is no WebAssembly instruction`);
  if (type.scalar === "f32") {
    // x - trunc(x / y) y, as the remainder of C and of WGSL up to rounding.
    if (op === "rem")
      return [...x, ...x, ...y, [`${shape}.div`], [`${shape}.trunc`], ...y, [`${shape}.mul`], [`${shape}.sub`]];
    return [...x, ...y, [`${shape}.${op}`]];
  }
  if (BITWISE.includes(op)) return [...x, ...y, [`${isVector ? "v128" : "i32"}.${op}`]];
  if (isVector && (op === "shl" || op === "shr") && literal !== undefined)
    return [...x, ["i32.const", literal], [`i32x4.${signed(op, type.scalar)}`]];
  if (isLanewise(op, type)) return lanewise(op, x, y, type);
  if (op === "div" || op === "rem") return quotient(op, x, y, type.scalar, literal);
  return !isVector && (op === "min" || op === "max")
    ? [...x, ...y, ...x, ...y, [`i32.${signed(op === "min" ? "lt" : "gt", type.scalar)}`], ["select"]]
    : [...x, ...y, [`${shape}.${signed(op, type.scalar)}`]];
}

/** Vectors of integers that SIMD128 has no instruction for. */
function isLanewise(op: BinaryOp, type: KType): boolean {
  return type.lanes > 1 && type.scalar !== "f32" && ["div", "rem", "shl", "shr"].includes(op);
}

function lanewise(op: BinaryOp, x: Code, y: Code, type: KType): Code {
  const lane = (i: number): Code => {
    const own: Instruction = ["i32x4.extract_lane", i];
    return binaryCode(op, [...x, own], [...y, own], { ...type, lanes: 1 });
  };
  return vectorCode(Array.from({ length: type.lanes }, (_, i) => lane(i)), { ...type, lanes: type.lanes }); // prettier-ignore
}

/** Truncating division; by 0 it gives 0 and never traps: only a literal divisor is trusted in 32 bits. */
function quotient(op: "div" | "rem", x: Code, y: Code, scalar: Scalar, literal: number | undefined): Code {
  const sign = scalar === "u32" ? "u" : "s";
  if (literal !== undefined && literal !== 0 && literal !== -1) return [...x, ...y, [`i32.${op}_${sign}`]];
  const isZero: Code = [...y, ["i32.eqz"]];
  const extend: Instruction = [`i64.extend_i32_${sign}`];
  const divided: Code = [...x, extend, ...y, ...isZero, ["i32.or"], extend, [`i64.${op}_${sign}`], ["i32.wrap_i64"]];
  return [["i32.const", 0], ...divided, ...isZero, ["select"]];
}

/** The name of an integer operation with its sign, where it has one. */
function signed(op: BinaryOp, scalar: Scalar): string {
  const hasSign = ["min", "max", "shr", "lt", "le", "gt", "ge"].includes(op);
  return hasSign ? `${op}_${scalar === "i32" ? "s" : "u"}` : op;
}

export function castCode(x: Code, from: KType, to: KType): Code {
  const shape = shapeOf(from);
  const isVector = from.lanes > 1;
  if (from.scalar === to.scalar) return x;
  if (to.scalar === "bool") return [...x, ...constantCode(0, from), [`${shape}.ne`]];
  if (from.scalar === "bool") {
    if (isVector) return [...x, ...constantCode(1, to), ["v128.and"]];
    return to.scalar === "f32" ? [...x, ["f32.convert_i32_u"]] : x;
  }
  if (from.scalar === "f32") return [...x, [`${shapeOf(to)}.trunc_sat_${shape}_${to.scalar === "i32" ? "s" : "u"}`]];
  if (to.scalar === "f32") return [...x, [`${shapeOf(to)}.convert_${shape}_${from.scalar === "i32" ? "s" : "u"}`]];
  return x;
}

export function bitcastCode(x: Code, from: KType, to: KType): Code {
  const isSame = from.lanes > 1 || wasmType(from) === wasmType(to);
  return isSame ? x : [...x, [to.scalar === "f32" ? "f32.reinterpret_i32" : "i32.reinterpret_f32"]];
}

/** A vector of one scalar repeated, or of as many as it has lanes. */
export function vectorCode(parts: readonly Code[], type: KType): Code {
  const shape = shapeOf(type);
  const lane = (part: Code): Code => (type.scalar === "bool" ? [["i32.const", 0], ...part, ["i32.sub"]] : part);
  const [first = [], ...rest] = parts.map(lane);
  return [
    ...first,
    [`${shape}.splat`],
    ...rest.flatMap((part, i): Code => [...part, [`${shape}.replace_lane`, i + 1]]),
  ];
}

export function extractCode(x: Code, lane: number, type: KType): Code {
  const code: Code = [...x, [`${shapeOf(type)}.extract_lane`, lane]];
  return type.scalar === "bool" ? [...code, ["i32.const", 1], ["i32.and"]] : code;
}

/** The sum of the lanes of a vector on the stack; `temp` is a local of its type. */
export function laneSumCode(type: KType, temp: number): Code {
  const shape = shapeOf(type);
  const folded = (...lanes: readonly number[]): Code => [["local.tee", temp], ["local.get", temp], ["local.get", temp], shuffle(lanes), [`${shape}.add`]]; // prettier-ignore
  const halves = type.lanes === 4 ? folded(2, 3, 0, 1) : [];
  return [...halves, ...folded(1, 0, 3, 2), [`${shape}.extract_lane`, 0]];
}

/** The sums of the lanes of four vectors, in the order of `laneSumCode`; the locals are of type v128. */
export function fourLaneSumsCode(vectors: readonly [Code, Code, Code, Code], temp: number, other: number): Code {
  const halves = (a: Code, b: Code): Code => [
    ...[...a, ...b, shuffle([0, 4, 1, 5])],
    ...[...a, ...b, shuffle([2, 6, 3, 7])],
    ["f32x4.add"],
  ];
  const [a, b, c, d] = vectors;
  const both: Code = [["local.get", temp], ["local.get", other]]; // prettier-ignore
  return [
    ...halves(a, b),
    ["local.set", temp],
    ...halves(c, d),
    ["local.set", other],
    ...both,
    shuffle([0, 1, 4, 5]),
    ...both,
    shuffle([2, 3, 6, 7]),
    ["f32x4.add"],
  ];
}

/** Whether no lane of any of these vectors of f32 is an infinity or NaN; `temp` is a local of type v128. */
export function areFiniteCode(vectors: readonly Code[], temp: number): Code {
  // Times 0, what is finite is 0 and everything else NaN.
  const zeros = vectors.map((vector): Code => [...vector, ...constantCode(0, { scalar: "f32", lanes: 4 }), ["f32x4.mul"]]); // prettier-ignore
  const sum = zeros.flatMap((zero, i): Code => (i === 0 ? zero : [...zero, ["f32x4.add"]]));
  return [...sum, ["local.tee", temp], ["local.get", temp], ["f32x4.eq"], ["i32x4.all_true"]];
}

/** Words of two vectors, counted through both, in another order. */
export function shuffle(lanes: readonly number[]): Instruction {
  return ["i8x16.shuffle", ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte))];
}

/** `i32`, `f32`, or the shape of vectors, as instruction names start. */
export function shapeOf({ scalar, lanes }: KType): string {
  const one = scalar === "f32" ? "f32" : "i32";
  return lanes === 1 ? one : `${one}x4`;
}
