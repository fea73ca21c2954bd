/** What CUDA C++ says differently from other languages of C's kind. Functions that it lacks are asked of `helpers`. */
import type { BinaryOp, Buffer, KType, UnaryOp } from "../../src/kernel/ir.ts";
import { COMPARISONS } from "../../src/kernel/vocabulary.ts";
import { PRECEDENCE } from "../text/dialect.ts";
import type { Dialect, Spelling } from "../text/dialect.ts";
import { scalarOf } from "./helpers.ts";
import type { Helpers } from "./helpers.ts";
import { isReserved } from "./names.ts";
import { literalText, typeText, vectorText } from "./types.ts";

const FLOAT_FUNCTIONS: Readonly<Partial<Record<UnaryOp, string>>> = {
  abs: "fabsf", floor: "floorf", exp: "expf", log: "logf", sin: "sinf", cos: "cosf", tanh: "tanhf", erf: "erff",
  sqrt: "sqrtf", rsqrt: "rsqrtf",
}; // prettier-ignore

const { bits, compare, sum, product } = PRECEDENCE;
const INFIX: Readonly<Partial<Record<BinaryOp, Spelling & { readonly infix: string }>>> = {
  add: { infix: "+", binds: sum }, sub: { infix: "-", binds: sum },
  mul: { infix: "*", binds: product }, div: { infix: "/", binds: product }, rem: { infix: "%", binds: product },
  and: { infix: "&", binds: bits }, or: { infix: "|", binds: bits }, xor: { infix: "^", binds: bits },
  shl: { infix: "<<", binds: bits }, shr: { infix: ">>", binds: bits },
  eq: { infix: "==", binds: compare }, ne: { infix: "!=", binds: compare }, lt: { infix: "<", binds: compare },
  le: { infix: "<=", binds: compare }, gt: { infix: ">", binds: compare }, ge: { infix: ">=", binds: compare },
}; // prettier-ignore

/** Of bools the other operators give an int. */
const LOGICAL: typeof INFIX = {
  and: { infix: "&&", binds: bits }, or: { infix: "||", binds: bits }, xor: { infix: "!=", binds: bits },
}; // prettier-ignore

/** Iterations that are written out at most: enough loads in flight to hide their latency. */
const MOST_UNROLLED = 8;

const BLOCK: Readonly<Record<string, string>> = { local: "threadIdx", workgroup: "blockIdx", grid: "gridDim" };

export function cudaDialect(helpers: Helpers): Dialect {
  const unary = (op: UnaryOp, type: KType): string | undefined => {
    const name =
      op === "neg" ? "-"
      : op === "not" ? (type.scalar === "bool" ? "!" : "~")
      : type.scalar === "f32" ? FLOAT_FUNCTIONS[op]
      : op === "abs" ? "abs"
      : undefined; // prettier-ignore
    if (op === "round_f16" || op === "round_bf16") return helpers.rounded(op, type);
    if (name === undefined || type.lanes === 1) return name;
    const isOperator = !/\w/.test(name);
    helpers.lanewise(isOperator ? `operator${name}` : name, [type], type, ([x]) => (isOperator ? `${name}${x}` : `${name}(${x})`)); // prettier-ignore
    return name;
  };
  const binary = (op: BinaryOp, type: KType): Spelling => {
    const isFloat = type.scalar === "f32";
    const logical = type.scalar === "bool" ? LOGICAL[op] : undefined;
    if (logical !== undefined && type.lanes === 1) return logical;
    if (op === "dot") return { call: helpers.dot(type) };
    const infix = op === "rem" && isFloat ? undefined : INFIX[op];
    const result: KType = COMPARISONS.includes(op) ? { scalar: "bool", lanes: type.lanes } : type;
    if (infix !== undefined) {
      if (type.lanes > 1)
        helpers.lanewise(`operator${infix.infix}`, [type, type], result, ([x, y]) => `${x} ${(logical ?? infix).infix} ${y}`); // prettier-ignore
      return infix;
    }
    const extreme = isFloat && (op === "min" || op === "max") ? helpers.extreme(op) : op;
    const call = op === "rem" ? "fmodf" : op === "pow" ? "powf" : extreme;
    if (type.lanes > 1) helpers.lanewise(call, [type, type], result, ([x, y]) => `${call}(${x}, ${y})`);
    return { call };
  };
  const cast = (x: string, from: KType, to: KType): string => {
    if (from.scalar === to.scalar) return x;
    const one = (y: string): string => scalarCast(y, from, to);
    if (to.lanes === 1) return one(x);
    return `${helpers.lanewise(`to_${typeText(to)}`, [from], to, ([y = ""]) => one(y))}(${x})`;
  };
  const bitcast = (x: string, from: KType, to: KType): string => {
    if (from.scalar === to.scalar) return x;
    const one = (y: string): string => scalarBits(y, from, to);
    if (to.lanes === 1) return one(x);
    return `${helpers.lanewise(`as_${typeText(to)}`, [from], to, ([y = ""]) => one(y))}(${x})`;
  };
  return {
    name: "CUDA",
    isReserved,
    type: typeText,
    literal: literalText,
    unary,
    binary,
    shiftBy: undefined,
    fma: (type) => (type.lanes === 1 ? "fmaf" : helpers.lanewise("fmaf", [type, type, type], type, (parts) => `fmaf(${parts.join(", ")})`)), // prettier-ignore
    select(condition, x, y, type, conditionType) {
      if (conditionType.lanes === 1) return `(${condition} ? ${x} : ${y})`;
      helpers.lanewise("select", [conditionType, type, type], type, ([c, a, b]) => `${c} ? ${a} : ${b}`);
      return `select(${condition}, ${x}, ${y})`;
    },
    cast,
    bitcast,
    vector(parts, type) {
      if (type.scalar === "bool") helpers.boolVector(type);
      const [part = ""] = parts;
      if (parts.length > 1 || /^\w+$/.test(part) || /^-?[\d.]+f?u?$/.test(part)) return vectorText(parts, type);
      // A longer expression stands once.
      return `${helpers.lanewise(`splat${type.lanes}`, [scalarOf(type)], type, ([x = ""]) => x)}(${part})`;
    },
    builtin(name) {
      if (name === "subgroup_size") return "32";
      if (name === "subgroup_lane") return helpers.laneOfWarp();
      const [what = "", axis] = name.split("_");
      return `int(${BLOCK[what]}.${axis})`;
    },
    loaded: (element, buffer) => (isHalf(buffer) ? `${halfFunction(helpers, buffer, false)}(${element})` : element),
    stored: (value, buffer) => (isHalf(buffer) ? `${halfFunction(helpers, buffer, true)}(${value})` : value),
    workgroupLoad: (element) => `${helpers.uniformLoad()}(&${element})`,
    subgroupReduce: (op, x, type) => `${helpers.warpReduce(op, type)}(${x})`,
    intrinsic: (name, args) => (name === "unpack2x16float" ? `${helpers.unpackHalves()}(${args.join(", ")})` : undefined), // prettier-ignore
    constant: (name, type, text) => `const ${typeText(type)} ${name} = ${text};`,
    variable: (name, type, text) => `${typeText(type)} ${name}${text === undefined ? "" : ` = ${text}`};`,
    counter: (name, from) => `int ${name} = ${from}`,
    // A compiler that unrolls a long loop of loads runs out of registers; between barriers there is no order to gain.
    unrolling: (iterations, hasBarrier) =>
      hasBarrier ? "#pragma unroll 1" : iterations > MOST_UNROLLED ? `#pragma unroll ${MOST_UNROLLED}` : undefined,
    barrier: () => ["__syncthreads();"],
  };
}

/** Float to integer truncates and saturates, NaN gives 0; C++ leaves that open, the instruction does not. */
function scalarCast(x: string, from: KType, to: KType): string {
  if (to.scalar === "bool") return `(${x} != ${literalText(0, scalarOf(from))})`;
  if (from.scalar === "f32") return `${to.scalar === "i32" ? "__float2int_rz" : "__float2uint_rz"}(${x})`;
  return `${typeText(scalarOf(to))}(${x})`;
}

function scalarBits(x: string, from: KType, to: KType): string {
  const names: Readonly<Record<string, string>> = { f32: "float", i32: "int", u32: "uint" };
  if (from.scalar !== "f32" && to.scalar !== "f32") return `${typeText(scalarOf(to))}(${x})`;
  return `__${names[from.scalar]}_as_${names[to.scalar]}(${x})`;
}

function isHalf({ element }: Buffer): boolean {
  return element === "f16" || element === "bf16";
}

/** The function that widens or narrows an element of a buffer of halves. */
function halfFunction(helpers: Helpers, { element, lanes }: Buffer, isStore: boolean): string {
  if (lanes !== 1) return helpers.halves(element === "f16" ? "half" : "bfloat", lanes, isStore);
  if (element === "f16") return isStore ? "__float2half_rn" : "__half2float";
  return isStore ? "__float2bfloat16_rn" : "__bfloat162float";
}
