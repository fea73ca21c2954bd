/** Translation validation: the f64 interpreter gives the same answers after every pass, and with any passes off. */
import { describe, expect, test } from "vitest";
import type { Datum } from "../../../../src/interp/index.ts";
import { evaluate, isTensor } from "../../../../src/interp/index.ts";
import type { Func, Module, Op, Tensor } from "../../../../src/ir/index.ts";
import { funcNamed, parseModule, printModule, verifyModule } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import { webgpuBase } from "../../../../src/profiles/webgpu.ts";
import type { Instrument } from "../../../../passes/manager/pipeline.ts";
import { passNames, runPipeline } from "../../../../passes/manager/pipeline.ts";
import type { PassContext } from "../../../../passes/manager/pass.ts";
import { tensorPipeline } from "../../../../passes/pipelines.ts";
import { roleOf } from "../../../../passes/tensor/fuse/roles.ts";
import { VOCAB, gpt2, llama, weightsOf } from "./models.ts";

const context: PassContext = { ops: OPS, info: webgpuBase, capacities: { B: 2, T: 16, S: 24 } };
const ROWS = 2;
const TOKENS = 3;
const CONTEXT = 24;

/** The same numbers for the same name and place in every run. */
function argument(name: string, func: Func): Datum {
  const type = func.args.find((arg) => arg.name === name)?.value.type;
  if (type === undefined) throw new Error(name);
  const dims = type.dims.map((dim) => dim.evaluate({ B: ROWS, T: TOKENS, S: CONTEXT }));
  const size = dims.reduce((all, n) => all * n, 1);
  const fixed: Readonly<Record<string, readonly number[]>> = {
    count: [3, 2],
    pos: [4, 0],
    active: [1, 0],
    token: [5, 7],
    stops: [3, -1, -1, -1, -1, -1, -1, 8],
    temperature: [0.8],
    top_k: [4],
    top_p: [0.9],
    seed: [42],
    step: [2],
  };
  const of = (i: number): number => fixed[name]?.[i] ?? (type.dtype === "f32" ? Math.sin(i + 1) : (i * 7) % VOCAB);
  const one: Tensor = { dtype: type.dtype, dims, data: Float64Array.from({ length: size }, (_, i) => of(i)) };
  return type.family === undefined ? one : Array.from({ length: type.family }, () => one);
}

function answers(module: Module, params: (path: string) => Tensor): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>();
  for (const func of module.funcs) {
    const args = Object.fromEntries(func.args.map(({ name }) => [name, argument(name, func)]));
    const made = evaluate(func, args, { ops: OPS, params, symbols: { B: ROWS, T: TOKENS, S: CONTEXT }, mode: "exact" });
    for (const [name, datum] of Object.entries(made)) {
      const members = isTensor(datum) ? [datum] : datum;
      found.set(
        `@${func.name} ${name}`,
        members.flatMap((member) => [...member.data]),
      );
    }
  }
  return found;
}

function expectSame(
  before: ReadonlyMap<string, readonly number[]>,
  after: ReadonlyMap<string, readonly number[]>,
): void {
  for (const [name, numbers] of before) {
    const others = after.get(name) ?? [];
    expect(others.length, name).toBe(numbers.length);
    numbers.forEach((x, i) => {
      if (!(Math.abs(x - (others[i] ?? NaN)) <= 1e-9)) expect.fail(`${name}[${i}]: ${x} became ${others[i]}`);
    });
  }
}

const checks: Instrument<Module> = { verify: (ir) => verifyModule(ir, OPS)[0], checkProperties: true };
const throughText = (ir: Module): Module => {
  const text = printModule(ir);
  const parsed = parseModule(text, OPS);
  expect(printModule(parsed)).toBe(text);
  return parsed;
};

describe.each([
  ["llama", llama({ storage: "f16" })],
  ["gpt2", gpt2({ window: 2 })],
] as const)("%s", (_, module) => {
  const params = weightsOf(module);
  const pipeline = tensorPipeline(["forward", "generate"]);

  test("every pass keeps the answers", () => {
    let before = answers(module, params);
    const between = (ir: Module): Module => {
      const after = answers(ir, params);
      expectSame(before, after);
      before = after;
      return ir;
    };
    const { ir } = runPipeline(pipeline, module, context, { off: new Set(), instrument: { ...checks, between } });
    expect(ir.funcs.map((func) => func.name)).toEqual(["forward", "extend1", "extend", "prefill", "decode"]);
  });

  test("through text between any two passes: the same bytes", () => {
    const plain = runPipeline(pipeline, module, context, { off: new Set() });
    const read = runPipeline(pipeline, module, context, { off: new Set(), instrument: { between: throughText } });
    expect(printModule(read.ir)).toBe(printModule(plain.ir));
  });

  const all = runPipeline(pipeline, module, context, { off: new Set() }).ir;
  const names = passNames(pipeline).filter((name) => ["canonicalize", "decompose", "fuse"].includes(name));
  const subsets = names.reduce<readonly string[][]>(
    (sets, name) => [...sets, ...sets.map((set) => [...set, name])],
    [[]],
  );
  test.each(subsets.slice(1).map((set) => [set.join(", "), set] as const))("without %s", (_label, off) => {
    const { ir } = runPipeline(pipeline, module, context, { off: new Set(off), instrument: checks });
    expectSame(answers(all, params), answers(ir, params));
  });
});

/** Kernels of the body of the loop over layers. */
function kernelsPerLayer(module: Module, entry: string): readonly Op[] {
  const { ir } = runPipeline(tensorPipeline(["forward", "generate"]), module, context, { off: new Set() });
  const loop = funcNamed(ir, entry)?.body.ops.find((op) => op.name === "repeat");
  return loop?.regions[0]?.ops.filter((op) => op.name === "group" || roleOf(op, OPS) !== "outside") ?? [];
}

test("a layer of llama is at most 8 kernels for one token, 12 for many; one of gpt2 at most 9", () => {
  const count = (module: Module, entry: string): number =>
    kernelsPerLayer(module, entry).filter((op) => op.name === "group").length;
  expect(count(llama({ storage: "f16" }), "decode")).toBe(8);
  expect(count(llama(), "extend")).toBe(12);
  expect(count(gpt2(), "decode")).toBeLessThanOrEqual(9);
});

test("no kernel has more bindings than the device", () => {
  for (const model of [llama({ storage: "f16" }), gpt2()])
    for (const op of kernelsPerLayer(model, "decode")) {
      // A cache is written where it is read.
      const written = op.regions[0]?.ops.filter(({ name }) => name === "cache_write").length ?? 0;
      const bindings = op.operands.length + op.results.length - written;
      if (op.name === "group") expect(bindings).toBeLessThanOrEqual(context.info.limits.maxStorageBuffers);
    }
});

test("a build keeps the entries that it asks for", () => {
  const names = (entries: readonly ("forward" | "generate")[]): readonly string[] =>
    runPipeline(tensorPipeline(entries), gpt2(), context, { off: new Set() }).ir.funcs.map((func) => func.name);
  expect(names(["forward"])).toEqual(["forward"]);
  expect(names(["generate"])).toEqual(["extend1", "extend", "prefill", "decode"]);
});

test("a forward that takes something else cannot generate", () => {
  const text = 'module "m"\n\nfunc @forward(%x: f32[B, T, 4]) -> (y: f32[B, T, 4]) {\n  return %x\n}\n';
  const { diagnostics } = runPipeline(tensorPipeline(["generate"]), parseModule(text, OPS), context, {
    off: new Set(),
  });
  expect(diagnostics.map((d) => d.code)).toEqual(["LLM0502"]);
});
