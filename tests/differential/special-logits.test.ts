/**
 * Rows of NaN and infinities, biased and penalized and then sampled with every control, on every target: the tokens of
 * the interpreter. WGSL may assume that there are no such numbers; `sample` compares integers and does not.
 */
import { describe, expect, it } from "vitest";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { FuncArg, Module, Tensor } from "../../src/ir/index.ts";
import { evaluate, isTensor } from "../../src/interp/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import { DEVICE_PROFILES, deviceFor } from "../support/devices.ts";
import { ProgramOnDevice } from "../support/run-on-device.ts";

const CONTROLS = OPS.get("sample")!
  .operands.slice(1)
  .filter((name) => !name.endsWith("?"));
const SAMPLES = OPS.get("sample")!.samples(new Rng(1)).filter(({ special, operands }) => special === true && operands.length === 1 + CONTROLS.length); // prettier-ignore
const [B, V] = SAMPLES[0]!.operands[0]!.dims as readonly [number, number];

const tensor = (dtype: "f32" | "i32", dims: readonly number[], data: readonly number[]): Tensor => ({ dtype, dims, data: Float64Array.from(data) }); // prettier-ignore
const scalar = (x: number): Tensor => tensor("f32", [], [Math.fround(x)]);

/** What `penalize` reads behind the logits: nothing to do, and everything at once. */
const PENALTIES: Readonly<Record<string, Readonly<Record<string, Tensor>>>> = {
  neutral: {
    counts: tensor("i32", [V], [4, 1, 0, 3, 2]),
    bias: tensor("f32", [V], [0, 0, 0, 0, 0]),
    ...{ repetition: scalar(1), presence: scalar(0), frequency: scalar(0) },
  },
  penalized: {
    counts: tensor("i32", [V], [4, 1, 0, 3, 2]),
    bias: tensor("f32", [V], [0, -3.4028234663852886e38, 0.5, 0, 2]),
    ...{ repetition: scalar(1.5), presence: scalar(0.25), frequency: scalar(-0.5) },
  },
};

/** `@forward(logits, counts, ..., step) -> token`. */
function penalizeAndSample(): Module {
  const b = new Builder(OPS);
  const types = { logits: tensorType("f32", [B, V]), counts: tensorType("i32", [V]), bias: tensorType("f32", [V]) };
  const numbers = ["repetition", "presence", "frequency", ...CONTROLS].map((name) => {
    const dtype = name === "top_k" ? "i32" : name === "seed" || name === "step" ? "u32" : "f32";
    return [name, tensorType(dtype, [])] as const;
  });
  const args = [...Object.entries(types), ...numbers].map(([name, type]): FuncArg => ({ name, mode: "in", value: value(type, name) })); // prettier-ignore
  const values = args.map((arg) => arg.value);
  const wanted = b.emit("penalize", values.slice(0, 6));
  const body = b.block(values, [b.emit("sample", [wanted, ...values.slice(6)])]);
  return { name: "special", funcs: [{ name: "forward", args, results: [{ name: "token" }], body }] };
}

const module = penalizeAndSample();
const CASES = Object.entries(PENALTIES).flatMap(([how, penalties]) =>
  SAMPLES.map(({ label, operands }) => {
    const [logits, ...controls] = operands as readonly Tensor[];
    const named = Object.fromEntries(controls.map((control, i) => [CONTROLS[i]!, control]));
    return { label: `${label}, ${how}`, args: { logits: logits!, ...penalties, ...named } };
  }),
);

function expected(args: Readonly<Record<string, Tensor>>): readonly number[] {
  const params = (path: string): Tensor => expect.fail(`no parameter ${path}`);
  const { token } = evaluate(module.funcs[0]!, args, { ops: OPS, params, symbols: {}, mode: "exact" });
  return token !== undefined && isTensor(token) ? [...token.data] : [];
}

describe.each(DEVICE_PROFILES)("special logits for $name", (info) => {
  it.for([false, true])(
    "give the interpreter's tokens (fused: %s)",
    { timeout: 300_000 },
    async (tensorPasses, { skip }) => {
      const built = buildProgram(module, info, { capacities: {}, tensorPasses });
      const opened = await deviceFor(built);
      if (typeof opened === "string") return skip(opened);
      const program = await ProgramOnDevice.create(opened.device, built, (path) => expect.fail(path));
      for (const { label, args } of CASES) {
        const results = await program.run("forward", {}, args);
        expect([label, ...results.read("token", "i32", [B]).data]).toEqual([label, ...expected(args)]);
      }
      program.close();
      opened.close();
    },
  );
});

it("a row that holds a number gives a token that is one", () => {
  for (const { label, args } of CASES) {
    const rows = expected(args).map((token, row) => args.logits.data[row * V + token]);
    const isEmpty = (row: number): boolean => args.logits.data.slice(row * V, (row + 1) * V).every(Number.isNaN);
    expect([label, ...rows.map((x, row) => isEmpty(row) || !Number.isNaN(x))]).toEqual([
      label,
      ...rows.map(() => true),
    ]);
  }
});
