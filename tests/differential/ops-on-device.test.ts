/**
 * Every sample of every op that kernels compute, through lowering, kernel passes, memory plan and code, executed by the
 * runtime on WebGPU: within the op's own tolerance. Dawn validates each shader. Samples with NaN and infinities are run
 * by the interpreter and in JavaScript only: WGSL may assume them absent.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { alone, isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { opTolerance } from "../support/tolerance.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

let adapter: OpenAdapter | undefined;
let device: WebGpuDevice | undefined;
beforeAll(async () => {
  adapter = await openAdapter();
  device = adapter === undefined ? undefined : WebGpuDevice.inject(adapter.device);
  if (adapter === undefined) console.log("skipped: ops on WebGPU, because there is no adapter");
});
afterAll(() => adapter?.close());

const CASES = OP_LIST.filter(isLoweredAlone).flatMap((def) =>
  def
    .samples(new Rng(7))
    .filter((sample) => sample.special !== true)
    .map((sample) => ({ name: def.name, sample, opCase: caseOf(def, sample, OPS) })),
);
type Case = (typeof CASES)[number];

/** Milliseconds for compiling all kernels of an op on a loaded machine, without a shader cache. */
const COLD = 180_000;

/** Results that no WebGPU profile can store yet. */
const isNarrow = ({ opCase }: Case): boolean =>
  opCase.func.body.yields.some(({ type }) => type.dtype === "f16" || type.dtype === "bf16");

it("leaves out only casts to types that no profile stores", () => {
  expect(CASES.filter(isNarrow).map(({ name, sample }) => `${name} ${sample.label}`)).toMatchInlineSnapshot(`
    [
      "cast f32 to f16",
    ]
  `);
});

describe.each([...new Set(CASES.map(({ name }) => name))])("%s on the device", (name) => {
  const cases = CASES.filter((found) => found.name === name && !isNarrow(found));

  it("for webgpu-cpu", { timeout: COLD }, async ({ skip }) => {
    if (device === undefined) return skip("no WebGPU adapter on this machine");
    for (const found of cases) expect(await difference(device, found, built(found, webgpuCpu))).toBeUndefined();
  });

  const differing = cases.flatMap((found) => {
    const [cpu, base] = [built(found, webgpuCpu), built(found, alone(webgpuBase))];
    return [...base.code].every(([kernel, text]) => cpu.code.get(kernel) === text) ? [] : [[found, base] as const];
  });
  if (differing.length > 0)
    it("for webgpu-base, where its kernels are others", { timeout: COLD }, async ({ skip }) => {
      if (device === undefined) return skip("no WebGPU adapter on this machine");
      for (const [found, base] of differing) expect(await difference(device, found, base)).toBeUndefined();
    });
});

/** Built with capacities larger than the call, so that a size taken for a capacity is seen. */
function built({ opCase }: Case, info: TargetInfo): BuiltProgram {
  const capacities = Object.fromEntries(Object.entries(opCase.symbols).map(([name, size]) => [name, size + 3]));
  return buildProgram(opCase.module, info, { capacities });
}

async function difference(on: WebGpuDevice, found: Case, program: BuiltProgram): Promise<string | undefined> {
  const { name, sample, opCase } = found;
  const results = await runOnDevice(on, program, "op", { sizes: opCase.symbols, inputs: opCase.args });
  const tolerances = opTolerance(opCase, sample, OPS);
  return evaluateCase(opCase, OPS, "exact")
    .map((tensor, i) => {
      const actual = results.read(`y${i}`, tensor.dtype, tensor.dims);
      return compareTensors(actual, tensor, tolerances[i] ?? 0, { what: `${name} (${sample.label})`, seed: 7 });
    })
    .find((problem) => problem !== undefined);
}
