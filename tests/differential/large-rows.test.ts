/**
 * Rows of 50,000 elements: sorted, selected from, summed along and scattered, on every target. The row schedules walk such a row in
 * strides and stretches, and no power of two fits it; the simulator of CUDA, which checks every access, gets a shorter one.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluate, isTensor } from "../../src/interp/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Func, Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { Dim } from "../../src/support/dim.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { programTolerance } from "../support/tolerance.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const sizes = { B: 2 };
const LONG = 300_000;

/** Every op along rows, of numbers and of integers with many ties. */
function forward(length: number): Func {
  const dims = [Dim.symbol("B"), Dim.of(length)];
  const x = value(tensorType("f32", dims), "x");
  const ties = value(tensorType("i32", dims), "ties");
  const b = new Builder(OPS);
  const rows = { kind: "literal", dtype: "f32", dims: [], data: [1] } as const;
  const base = b.emit("broadcast", [b.emit("constant", [], { value: rows })], { shape: [Dim.symbol("B"), 40] });
  const made = {
    sums: b.emit("cumsum", [x]),
    counts: b.emit("cumsum", [ties], { reverse: true, exclusive: true }),
    sorted: b.emit("sort", [x], { descending: true }),
    order: b.emit("argsort", [ties]),
    best: b.emit("topk", [x], { k: 5 }),
    where: b.emit("topk_indices", [x], { k: 5 }),
    first: b.emit("topk_indices", [ties], { k: 3 }),
    added: b.emit("scatter_add", [base, ties, x], { axis: 1, batch: 1 }),
  };
  return {
    name: "forward",
    args: [x, ties].map((arg) => ({ name: arg.name, mode: "in", value: arg })),
    results: Object.keys(made).map((name) => ({ name })),
    body: b.block([x, ties], Object.values(made)),
  };
}

function inputsOf(length: number): Readonly<Record<string, Tensor>> {
  const rng = new Rng(3);
  const filled = (next: () => number): Float64Array => Float64Array.from({ length: 2 * length }, next);
  return {
    x: { dtype: "f32", dims: [2, length], data: filled(() => Math.fround(rng.normal())) },
    ties: { dtype: "i32", dims: [2, length], data: filled(() => rng.int(-50, 50)) },
  };
}

function build(length: number, info: TargetInfo): BuiltProgram {
  const module = { name: "rows", funcs: [forward(length)] };
  return buildProgram(module, info, { capacities: { B: 3 }, tensorPasses: true });
}

async function expectRight(device: Device, built: BuiltProgram, length: number): Promise<void> {
  const inputs = inputsOf(length);
  const results = await runOnDevice(device, built, "forward", { sizes, inputs });
  const params = (path: string): Tensor => {
    throw new Error(`no parameter ${path}`);
  };
  const [exact, rounded] = (["exact", "rounded"] as const).map((mode) =>
    evaluate(forward(length), inputs, { ops: OPS, params, symbols: sizes, mode }),
  );
  for (const [name, expected] of Object.entries(exact!)) {
    const other = rounded![name];
    if (!isTensor(expected) || other === undefined || !isTensor(other)) throw new Error(`${name} is a family`);
    const actual = results.read(name, expected.dtype, expected.dims);
    const tolerance = name === "sums" || name === "added" ? programTolerance(expected, other) : 0;
    expect(compareTensors(actual, expected, tolerance, { what: name })).toBeUndefined();
  }
}

describe("rows of 50,000", () => {
  let adapter: OpenAdapter | undefined;
  beforeAll(async () => void (adapter = await openAdapter()));
  afterAll(() => adapter?.close());

  it("in WebAssembly", { timeout: LONG }, () => expectRight(new CpuDevice(), build(50_000, cpuSimd), 50_000));
  it("in JavaScript", { timeout: LONG }, () => expectRight(new JsDevice(), build(50_000, js), 50_000));
  it.each([webgpuCpu, webgpuBase])("for $name", { timeout: LONG }, async (info) => {
    if (adapter === undefined) return console.log("skipped: large rows on WebGPU, because there is no adapter");
    await expectRight(WebGpuDevice.inject(adapter.device), build(50_000, info), 50_000);
  });
});

it("rows of 3,000 in CUDA", { timeout: LONG }, async ({ skip }) => {
  if (simProblem() !== undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
  const built = build(3000, cudaSm80);
  const unit = await CudaUnit.compile([built.program]);
  try {
    await expectRight(unit.device(built.program), built, 3000);
  } finally {
    unit.close();
  }
});
