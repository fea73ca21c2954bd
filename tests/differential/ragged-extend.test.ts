/**
 * `extend` on a device against `forward` in the interpreter: three rows of different lengths, taken in by chunks of 1,
 * 5 and all at once, padded on the right with tokens that must not matter. After each call the logits of every row that
 * got tokens are those of `forward` at its last one.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../src/driver/compile.ts";
import { importCheckpoint } from "../../src/driver/front-end.ts";
import { weightNameRules } from "../../src/driver/weight-rules.ts";
import { evaluate } from "../../src/interp/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { openBytes } from "../../src/runtime/byte-source.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { readParameters } from "../../src/weights/tensors.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { tensorOf } from "../support/random-tensor.ts";
import { ProgramOnDevice } from "../support/run-on-device.ts";
import { programTolerance } from "../support/tolerance.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const FOLDER = "tests/fixtures/golden/llama";
const LENGTHS = [11, 4, 7];
const [B, LONGEST, CONTEXT] = [LENGTHS.length, 11, 24];
const TOKENS = LENGTHS.map((length, b) => Array.from({ length }, (_, t) => (31 * t + 57 * b + 5) % 199));

let adapter: OpenAdapter | undefined;
let weights: (path: string) => Tensor;
let exact: Tensor;
let tolerance: number;
const source = importCheckpoint({
  path: `${FOLDER}/config.json`,
  text: readFileSync(`${FOLDER}/config.json`, "utf8"),
}).source!;

function buildFor(info: TargetInfo): BuiltProgram {
  const options = { profiles: [info], entries: ["generate"] as const, batch: B, chunk: LONGEST, context: CONTEXT }; // prettier-ignore
  const [build] = compile(source, options).builds;
  const parts = build!.program.plans[0]!.buffers.filter(({ rows }) => rows !== undefined);
  expect(parts.length > 3).toBe(info.name.includes("narrow"));
  return { info, program: build!.program, code: build!.code };
}

beforeAll(async () => {
  adapter = await openAdapter();
  const { model } = compile(source, { profiles: [js], entries: ["forward"], batch: B });
  const parameters = model!.parameters.map(({ path, dims }) => ({ path, dims, dtype: "f32" as const }));
  const bytes = (await openBytes(`${FOLDER}/model.safetensors`))!;
  const values = await readParameters(bytes, parameters, weightNameRules(model!.weights));
  await bytes.close?.();
  weights = (path) => ({ dtype: "f32", ...values.get(path)! });
  const forward = model!.module.funcs.find(({ name }) => name === "forward")!;
  const padded = TOKENS.flatMap((row) => [...row, ...new Array<number>(LONGEST - row.length).fill(3)]);
  const symbols = { B, T: LONGEST, S: CONTEXT };
  const logits = (mode: "exact" | "rounded"): Tensor =>
    Object.values(evaluate(forward, { tokens: tensorOf("i32", [B, LONGEST], padded) }, { ops: OPS, params: weights, symbols, mode }))[0] as Tensor; // prettier-ignore
  exact = logits("exact");
  tolerance = programTolerance(exact, logits("rounded"));
});
afterAll(() => adapter?.close());

/** The logits of `forward` at position t of row b. */
function expectedRow(b: number, t: number): Tensor {
  const V = exact.dims[2]!;
  const start = (b * LONGEST + t) * V;
  return { dtype: "f32", dims: [V], data: exact.data.slice(start, start + V) };
}

/** A device whose bindings hold neither the embedding nor a matrix of the MLP. */
function narrow(info: TargetInfo): TargetInfo {
  return { ...info, name: `${info.name} with narrow bindings`, limits: { ...info.limits, maxBindingBytes: 16384 } };
}

describe.each([js, webgpuCpu, webgpuBase, narrow(js), narrow(webgpuCpu), narrow(webgpuBase)])(
  "ragged extend, $name",
  (info) => {
    it("equals forward for chunks of 1, 5 and all at once", { timeout: 180_000 }, async ({ skip }) => {
      if (info.target === "webgpu" && adapter === undefined) return skip("no WebGPU adapter on this machine");
      const device: Device = info.target === "js" ? new JsDevice() : WebGpuDevice.inject(adapter!.device);
      const program = await ProgramOnDevice.create(device, buildFor(info), weights, CONTEXT);
      let compared = 0;
      for (const chunk of [1, 5, LONGEST]) {
        const entry = chunk === 1 ? "extend1" : "extend";
        let pos = tensorOf("i32", [B], [0, 0, 0]);
        for (let at = 0; at < LONGEST; at += chunk) {
          const counts = LENGTHS.map((length) => Math.max(0, Math.min(chunk, length - at)));
          const tokens = TOKENS.flatMap((row) => Array.from({ length: chunk }, (_, t) => row[at + t] ?? 198));
          const inputs = { tokens: tensorOf("i32", [B, chunk], tokens), count: tensorOf("i32", [B], counts), pos };
          const results = await program.run(entry, { B, T: chunk }, inputs);
          const logits = results.read("logits", "f32", [B, exact.dims[2]!]);
          pos = results.read("pos", "i32", [B]);
          expect([...pos.data]).toEqual(LENGTHS.map((length) => Math.min(length, at + chunk)));
          counts.forEach((count, b) => {
            if (count === 0) return;
            const V = exact.dims[2]!;
            const row: Tensor = { dtype: "f32", dims: [V], data: logits.data.slice(b * V, (b + 1) * V) };
            const what = `row ${b}, chunk ${chunk} at ${at}`;
            expect(compareTensors(row, expectedRow(b, at + count - 1), tolerance, { what })).toBeUndefined();
            compared++;
          });
        }
      }
      program.close();
      expect(compared).toBe(22 + 6 + 3);
    });
  },
);
