/**
 * Small device functions that emitted kernels call, each written into a unit only if a kernel needs it: operators on
 * vectors, conversions, halves, and what a warp or a block does together. A helper is asked for by its signature.
 */
import type { KType, Scalar } from "../../src/kernel/ir.ts";
import { typeText, vectorText } from "./types.ts";

const COMPONENTS = ["x", "y", "z", "w"] as const;

/** The helpers of one unit, in the order in which they were asked for. */
export class Helpers {
  private readonly texts = new Map<string, string>();

  all(): readonly string[] {
    return [...this.texts.values()];
  }

  /** `name(args)` on vectors, component by component: `text` is the scalar expression for one. */
  lanewise(name: string, args: readonly KType[], result: KType, text: (parts: readonly string[]) => string): string {
    const letters = ["a", "b", "c"];
    const parameters = args.map((type, i) => `${typeText(type)} ${letters[i]}`).join(", ");
    this.need(`${name}(${parameters})`, () => {
      const parts = COMPONENTS.slice(0, result.lanes).map((component) =>
        text(args.map((type, i) => (type.lanes === 1 ? `${letters[i]}` : `${letters[i]}.${component}`))),
      );
      return deviceFunction(typeText(result), `${name}(${parameters})`, `return ${vectorText(parts, result)};`);
    });
    if (result.scalar === "bool") this.boolVector(result);
    for (const type of args) if (type.scalar === "bool" && type.lanes > 1) this.boolVector(type);
    return name;
  }

  dot(type: KType): string {
    const name = typeText(type);
    const sum = COMPONENTS.slice(0, type.lanes).map((c) => `a.${c} * b.${c}`).join(" + "); // prettier-ignore
    this.need(`dot ${name}`, () => deviceFunction("float", `dot(${name} a, ${name} b)`, `return ${sum};`));
    return "dot";
  }

  /** `float4 to_float4(half4)` and back; `half` is `half` or `bfloat`. */
  halves(half: "half" | "bfloat", lanes: 2 | 4, isStore: boolean): string {
    const [one, load, store] = half === "half" ? ["__half", "__half2float", "__float2half_rn"] : ["__nv_bfloat16", "__bfloat162float", "__float2bfloat16_rn"]; // prettier-ignore
    const [vector, floats] = [`${half}${lanes}`, typeText({ scalar: "f32", lanes })];
    const components = COMPONENTS.slice(0, lanes);
    this.need(`struct ${vector}`, () => `struct alignas(${2 * lanes}) ${vector} {\n  ${one} ${components.join(", ")};\n};`); // prettier-ignore
    const name = isStore ? `to_${vector}` : `to_${floats}`;
    const parts = components.map((c) => `${isStore ? store : load}(a.${c})`).join(", ");
    this.need(`${name} ${vector}`, () =>
      isStore
        ? deviceFunction(vector, `${name}(${floats} a)`, `return ${vector}{${parts}};`)
        : deviceFunction(floats, `${name}(${vector} a)`, `return make_${floats}(${parts});`),
    );
    return name;
  }

  /** A float to the nearest half and back. */
  rounded(name: "round_f16" | "round_bf16", type: KType): string {
    const text = name === "round_f16" ? "__half2float(__float2half_rn(x))" : "__bfloat162float(__float2bfloat16_rn(x))";
    this.need(name, () => deviceFunction("float", `${name}(float x)`, `return ${text};`));
    if (type.lanes !== 1) this.lanewise(name, [type], type, ([x]) => `${name}(${x})`);
    return name;
  }

  /** Declares the struct of a vector of halves that only lies in memory. */
  unpackHalves(): string {
    this.need("unpack2x16float", () =>
      deviceFunction(
        "float2",
        "unpack2x16float(unsigned word)",
        "const __half_raw low = {static_cast<unsigned short>(word & 0xffffu)};",
        "const __half_raw high = {static_cast<unsigned short>(word >> 16)};",
        "return make_float2(__half2float(__half(low)), __half2float(__half(high)));",
      ),
    );
    return "unpack2x16float";
  }

  /** The smaller or larger of two floats; NaN if one is, where `fminf` and `fmaxf` would drop it. */
  extreme(op: "min" | "max"): string {
    const name = op === "min" ? "smaller" : "larger";
    this.need(name, () =>
      deviceFunction("float", `${name}(float a, float b)`, `return a != a || b != b ? a + b : f${op}f(a, b);`),
    );
    return name;
  }

  /** Over the 32 lanes of a warp, the result in each of them, in the order of a butterfly. */
  warpReduce(op: "add" | "max" | "min", type: KType): string {
    const name = `warp_${op === "add" ? "sum" : op}`;
    if (type.lanes !== 1) {
      this.warpReduce(op, scalarOf(type));
      return this.lanewise(name, [type], type, ([x]) => `${name}(${x})`);
    }
    const other = "__shfl_xor_sync(0xffffffffu, value, distance)";
    const step = op === "add" ? `value += ${other};` : `value = ${type.scalar === "f32" ? this.extreme(op) : op}(value, ${other});`; // prettier-ignore
    this.need(`${name} ${type.scalar}`, () =>
      deviceFunction(
        typeText(type),
        `${name}(${typeText(type)} value)`,
        `for (int distance = 16; distance > 0; distance /= 2) ${step}`,
        "return value;",
      ),
    );
    return name;
  }

  /** An element of shared memory that all threads of the block read between two barriers. */
  uniformLoad(): string {
    this.need("uniform_load", () =>
      [
        "template <typename T>",
        deviceFunction("T", "uniform_load(const T* place)", "__syncthreads();", "const T value = *place;", "__syncthreads();", "return value;"), // prettier-ignore
      ].join("\n"),
    );
    return "uniform_load";
  }

  laneOfWarp(): string {
    this.need("lane_of_warp", () =>
      deviceFunction(
        "int",
        "lane_of_warp()",
        "return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32u);",
      ),
    );
    return "lane_of_warp()";
  }

  boolVector({ lanes }: KType): void {
    const components = COMPONENTS.slice(0, lanes).join(", ");
    const text = `struct bool${lanes} {\n  bool ${components};\n};`;
    if (this.texts.has(`bool${lanes}`)) return;
    // Before the functions that use it.
    const before = [...this.texts];
    this.texts.clear();
    this.texts.set(`bool${lanes}`, text);
    for (const [key, made] of before) this.texts.set(key, made);
  }

  private need(key: string, make: () => string): void {
    if (!this.texts.has(key)) this.texts.set(key, make());
  }
}

function deviceFunction(result: string, head: string, ...lines: readonly string[]): string {
  return [`__device__ inline ${result} ${head} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");
}

/** The scalar type that a vector is made of. */
export function scalarOf(type: KType): KType {
  return { scalar: type.scalar as Scalar, lanes: 1 };
}
