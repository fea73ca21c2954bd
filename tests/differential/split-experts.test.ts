/**
 * Stacks of matrices that no binding holds, where each row of a product meets the matrix that was chosen for it: in pieces
 * of several matrices, of one, and of rows of one, on every device; and no more of a stack is read than was chosen.
 */
import { describe, expect, it } from "vitest";
import { splitWeights } from "../../passes/tensor/split-weights.ts";
import { evaluate } from "../../src/interp/index.ts";
import { Builder, printModule, tensorType, value, verifyModule } from "../../src/ir/index.ts";
import type { Module, Tensor, TensorType, Value } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { programBuffers } from "../../src/plan/program-buffers.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { B, T, f32 } from "../support/group-case.ts";
import { onEveryDevice } from "../support/on-every-device.ts";
import type { DeviceCase } from "../support/on-every-device.ts";
import { countOf, randomTensor, tensorOf } from "../support/random-tensor.ts";
import { runPlan } from "../support/run-plan.ts";
import { programTolerance } from "../support/tolerance.ts";

/** Matrices of a stack, and their sizes. A matrix has 1,536 bytes in f32. */
const [E, N, K] = [5, 24, 16];

type Sizes = Readonly<Record<"B" | "T", number>>;

interface Model {
  /** Beyond eight rows a product is dealt in tiles. */
  readonly capacities: Sizes;
  readonly args: Readonly<Record<string, TensorType>>;
  readonly weights: Readonly<Record<string, TensorType>>;
  make(b: Builder, args: readonly Value[], weight: (name: string) => Value): Value;
}

/** `x @ transpose(w[chosen])`, the last two axes turned. */
function chosenProduct(b: Builder, x: Value, weight: Value, chosen: Value): Value {
  const own = b.emit("take", [weight, chosen], { axis: 0 });
  const { length } = own.type.dims;
  const perm = own.type.dims.map((_, axis) => (axis < length - 2 ? axis : 2 * length - 3 - axis));
  return b.emit("matmul", [x, b.emit("transpose", [own], { perm })]);
}

const half = (...dims: readonly number[]): TensorType => tensorType("f16", dims);
const integers = (...dims: Parameters<typeof f32>): TensorType => tensorType("i32", dims);

const GATED: Model = {
  capacities: { B: 2, T: 2 },
  args: { x: f32(B, T, K), chosen: integers(B, T, 2) },
  weights: { "experts.w1": f32(E, N, K), "experts.w3": f32(E, N, K), "experts.w2": f32(E, K, N) },
  make(b, [x, chosen], weight) {
    const row = b.emit("reshape", [x!], { shape: [B, T, 1, 1, K] });
    const [gate, up] = ["experts.w1", "experts.w3"].map((name) => chosenProduct(b, row, weight(name), chosen!));
    return chosenProduct(b, b.emit("mul", [b.emit("silu", [gate!]), up!]), weight("experts.w2"), chosen!);
  },
};

const OF_A_TEXT: Model = {
  capacities: { B: 2, T: 5 },
  args: { x: f32(B, T, K), chosen: integers(B) },
  weights: { "experts.w": f32(E, N, K) },
  make: (b, [x, chosen], weight) => chosenProduct(b, x!, weight("experts.w"), chosen!),
};

const MODELS: Readonly<Record<string, Model>> = {
  "two experts a token": GATED,
  "halves, an expert a token": {
    capacities: { B: 2, T: 2 },
    args: { x: f32(B, T, 2 * K), chosen: integers(B, T) },
    weights: { "experts.w": half(E, N, 2 * K) },
    make: (b, [x, chosen], weight) => chosenProduct(b, b.emit("reshape", [x!], { shape: [B, T, 1, 2 * K] }), weight("experts.w"), chosen!), // prettier-ignore
  },
  "an expert for all tokens of a text": OF_A_TEXT,
  "an expert for each position": {
    capacities: { B: 2, T: 2 },
    args: { x: f32(B, T, 1, K), chosen: integers(T) },
    weights: { "experts.w": f32(E, N, K) },
    make: (b, [x, chosen], weight) => chosenProduct(b, x!, weight("experts.w"), chosen!),
  },
  "terms that are chosen": {
    capacities: { B: 2, T: 5 },
    args: { x: f32(B, T, 8), chosen: integers(8) },
    weights: { "experts.w": f32(4 * N, K) },
    make: (b, [x, chosen], weight) => b.emit("matmul", [x!, b.emit("take", [weight("experts.w"), chosen!], { axis: 0 })]), // prettier-ignore
  },
  "columns that are chosen": {
    capacities: { B: 2, T: 5 },
    args: { x: f32(B, T, K), chosen: integers(7) },
    weights: { "experts.w": f32(4 * N, K) },
    make: (b, [x, chosen], weight) => chosenProduct(b, x!, weight("experts.w"), chosen!),
  },
};

/** Bytes of a binding, by what it holds of the first stack. */
const BINDINGS = { "of two matrices": 3072, "of one matrix": 1536, "of rows of one": 1024 };

const moduleOf = ({ args, weights, make }: Model): Module => {
  const b = new Builder(OPS);
  const values = Object.entries(args).map(([name, type]) => value(type, name));
  const weight = (path: string): Value => {
    const [read] = b.push({ name: "param", operands: [], attrs: { path }, results: [value(weights[path]!, path)], regions: [] }).results; // prettier-ignore
    return b.emit("cast", [read!], { dtype: "f32" });
  };
  const body = b.block(values, [make(b, values, weight)]);
  const named = values.map((arg) => ({ name: arg.name, mode: "in" as const, value: arg }));
  return { name: "m", funcs: [{ name: "forward", args: named, results: [{ name: "y" }], body }] };
};

const narrow = (info: TargetInfo, maxBindingBytes: number): TargetInfo => ({
  ...info,
  limits: { ...info.limits, maxBindingBytes, maxStorageBuffers: 8 },
});

const buildFor = (model: Model, info: TargetInfo): BuiltProgram =>
  buildProgram(moduleOf(model), info, { capacities: model.capacities, tensorPasses: true });

/** Every place, and places outside, which are the nearest inside. */
const CHOSEN = [4, 0, 1, 3, 2, 2, -1, 4, 3, 0, 7, 1];

function callOf({ args, weights }: Model, sizes: Sizes) {
  const rng = new Rng(5);
  const inputs = Object.entries(args).map(([name, { dtype, dims }]): [string, Tensor] => {
    const found = dims.map((dim) => dim.evaluate(sizes));
    const places = Array.from({ length: countOf(found) }, (_, i) => CHOSEN[i % CHOSEN.length]!);
    return [name, dtype === "i32" ? tensorOf("i32", found, places) : randomTensor(rng, dtype, found)];
  });
  const tensors = new Map(Object.entries(weights).map(([path, { dtype, dims }]) => [path, randomTensor(rng, dtype, dims.map((dim) => dim.asNumber()!))])); // prettier-ignore
  return { sizes, inputs: Object.fromEntries(inputs), weights: (path: string) => tensors.get(path)! };
}

function caseOf(model: Model, bytes: number, sizes: Sizes): DeviceCase {
  const call = callOf(model, sizes);
  const [exact, rounded] = (["exact", "rounded"] as const).map((mode) => evaluate(moduleOf(model).funcs[0]!, call.inputs, { ops: OPS, params: call.weights, symbols: sizes, mode })["y"] as Tensor); // prettier-ignore
  return {
    build(info) {
      const built = buildFor(model, narrow(info, bytes));
      expect(programBuffers(built.program).buffers.some(({ rows }) => rows !== undefined)).toBe(true);
      return built;
    },
    call,
    check(results) {
      const what = `in pieces of ${bytes} bytes at T = ${sizes.T}`;
      const found = results.read("y", exact!.dtype, exact!.dims);
      expect(compareTensors(found, exact!, programTolerance(exact!, rounded!), { what, seed: 5 })).toBeUndefined();
    },
  };
}

describe.each(Object.entries(MODELS))("%s", (_, model) => {
  // All ways for the first model; for the others that which needs cuts along two axes.
  const ways = Object.entries(BINDINGS).slice(model === GATED ? 0 : -1);
  describe.each(ways)("in pieces %s", (_way, bytes) => {
    onEveryDevice([caseOf(model, bytes, { B: 1, T: 1 }), caseOf(model, bytes, model.capacities)]);
  });
});

describe.each(Object.entries(MODELS))("%s, in the tensor IR", (_, model) => {
  it.each(Object.values(BINDINGS))("keeps the answers in pieces of %s bytes", (bytes) => {
    const call = callOf(model, model.capacities);
    const module = moduleOf(model);
    const cut = splitWeights.run(module, { ops: OPS, info: narrow(js, bytes), capacities: model.capacities }).ir;
    expect(verifyModule(cut, OPS)).toEqual([]);
    expect(printModule(cut)).toMatch(/rows = /);
    const [before, after] = [module, cut].map(({ funcs }) => evaluate(funcs[0]!, call.inputs, { ops: OPS, params: call.weights, symbols: call.sizes, mode: "exact" })["y"] as Tensor); // prettier-ignore
    expect(compareTensors(after!, before!, 1e-12, { what: "y", seed: 5 })).toBeUndefined();
  });
});

describe("what is read of a stack", () => {
  /** The elements that are loaded of each buffer of a weight. */
  const loadsOf = (
    model: Model,
    weight: string,
    info: TargetInfo,
    sizes: Sizes,
    chosen: readonly number[],
  ): Readonly<Record<string, number>> => {
    const call = callOf(model, sizes);
    const loads: Record<string, number> = {};
    const onLoad = (buffer: string): void => void (loads[buffer] = (loads[buffer] ?? 0) + 1);
    const inputs = { ...call.inputs, chosen: { ...call.inputs["chosen"]!, data: Float64Array.from(chosen) } };
    runPlan(buildFor(model, info).program, "forward", { ...call, inputs, onLoad }, info.target === "js" ? "js" : "interpreter"); // prettier-ignore
    return Object.fromEntries(Object.entries(loads).filter(([name]) => name.startsWith(weight)));
  };
  const matrix = N * K;

  it.each([js, webgpuBase])("is what was chosen for a token, on $name", (info) => {
    const loads = (bytes: number | undefined, chosen: readonly number[]): Readonly<Record<string, number>> =>
      loadsOf(GATED, "experts.w1", bytes === undefined ? info : narrow(info, bytes), { B: 1, T: 1 }, chosen);
    expect(loads(undefined, [4, 1])).toEqual({ "experts.w1": 2 * matrix });
    expect(loads(3072, [4, 1])).toEqual({ "experts.w1 [0:2]": matrix, "experts.w1 [4:5]": matrix });
    expect(loads(3072, [2, 3])).toEqual({ "experts.w1 [2:4]": 2 * matrix });
    expect(loads(1536, [0, 3])).toEqual({ "experts.w1 [0:1]": matrix, "experts.w1 [3:4]": matrix });
    expect(loads(1024, [2, 4])).toEqual({
      "experts.w1 [2:3, 0:16]": 16 * K,
      "experts.w1 [2:3, 16:24]": 8 * K,
      "experts.w1 [4:5, 0:16]": 16 * K,
      "experts.w1 [4:5, 16:24]": 8 * K,
    });
  });

  it.each([js, webgpuCpu])("is what was chosen for a text, on $name", (info) => {
    const loads = loadsOf(OF_A_TEXT, "experts.w", narrow(info, 1536), { B: 2, T: 4 }, [3, 1]);
    expect(Object.keys(loads)).toEqual(["experts.w [3:4]", "experts.w [1:2]"]);
  });
});
