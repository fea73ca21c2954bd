/** `plan.cu`: names of buffers, launches, and tables, on programs made by hand. */
import { describe, expect, it } from "vitest";
import { emitCudaPlan } from "../../../codegen/cuda/plan-unit.ts";
import type { ModelData } from "../../../codegen/cuda/plan-unit.ts";
import { F32 } from "../../../src/kernel/ir.ts";
import type { Buffer, Extent, Kernel } from "../../../src/kernel/ir.ts";
import type { PlanBuffer, Program } from "../../../src/plan/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { InternalError } from "../../../src/support/errors.ts";

const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
const data: ModelData = {
  model: "Tiny",
  compiler: "0.0.0",
  vocab: 16,
  context: 32,
  eos: [0, 7],
  weightRules: [
    { kind: "rename", published: "old", path: "new" },
    { kind: "optional_prefix", prefix: "model." },
    { kind: "ignore", pattern: '**."quoted"' },
    { kind: "tied", published: "head", path: "embed" },
    { kind: "stack", published: "...e.{k}", path: "e", index: "k" },
  ],
};

function program(
  buffers: readonly PlanBuffer[],
  changes: { grid?: Program["kernels"][0]["grid"]; size?: string } = {},
): Program {
  const storage: Buffer = { name: "x", space: "storage", access: "read_write", element: "f32", lanes: 1, length: B };
  const kernel: Kernel = {
    name: "pos",
    buffers: buffers.map((buffer) => ({ ...storage, name: buffer.name })),
    scalars: [
      { name: changes.size ?? "T", type: F32, from: "call" },
      { name: "window", type: F32, from: "launch" },
    ],
    scalarValues: [],
    locals: [],
    workgroup: [16, 4, 1],
    grid: changes.grid ?? [[], [], []],
    inPlace: [],
    requires: [],
    body: [],
    locs: [],
  };
  const bindings = buffers.map(({ name, bytes }) => ({ buffer: name, offset: name === "arena" ? 256 : 0, bytes }));
  const launch = {
    kind: "launch",
    lane: "compute",
    kernel: "pos",
    grid: kernel.grid,
    bindings,
    scalars: [0.5],
  } as const;
  const plan = {
    entry: "prefill",
    bucket: { B: 1, T: 8 },
    buffers,
    steps: [launch, { ...launch, loop: { index: "i", i: 0 } }, { ...launch, loop: { index: "i", i: 1 } }],
    inputs: {},
    outputs: {},
    memory: { peak: 0, lowerBound: 0 },
  };
  return { profile: "cuda-sm80", kernels: [kernel], plans: [plan] };
}

const buffer = (name: string, more: Partial<PlanBuffer> = {}): PlanBuffer => ({
  name,
  kind: "state",
  bytes: 64,
  ...more,
});

describe("emitCudaPlan", () => {
  it("gives each buffer a name of its own that is no word of the language and none of the file", () => {
    const text = emitCudaPlan(data, program(["a.b", "a_b", "T", "float", "1x"].map((name) => buffer(name))));
    expect(text).toContain("{\n  a_b,\n  a_b_buffer,\n  T_buffer,\n  float_buffer,\n  v1x,\n};");
    expect(text).toContain(
      "on.launch(::pos_kernel, {1}, {16, 4}, a_b, a_b_buffer, T_buffer, float_buffer, v1x, T, 0.5f);",
    );
  });

  it("writes places, grids and the turns of a loop", () => {
    const grid: [Extent, Extent, Extent] = [[{ size: B.mul(T).mul(2).add(1), per: 64 }, { size: B.add(1), per: 1 }], [], [{ size: Dim.of(5), per: 2 }]]; // prettier-ignore
    const text = emitCudaPlan(data, program([buffer("arena", { kind: "arena" })], { grid }));
    const launch =
      "on.launch(::pos_kernel, {blocks(2 * B * T + 1, 64) * (B + 1), 1, 3}, {16, 4}, at(arena, 256), T, 0.5f);";
    expect(text).toContain(`  ${launch}\n  // i = 0\n  ${launch}\n  // i = 1\n  ${launch}\n}`);
    expect(text).toContain("const std::int64_t B = sizes.B;");
    expect(text).not.toContain("sizes.S");
  });

  it("writes weights, constants and rules as tables", () => {
    const text = emitCudaPlan(
      data,
      program([
        buffer("w", { kind: "weight", path: "w", dtype: "f16", dims: [4, 6], isFinite: true }),
        buffer("v", { kind: "weight", path: "v", dtype: "f32", dims: [], layout: { tile: [2, 3], order: [1, 0] } }),
        buffer("angles", {
          kind: "constant",
          fill: { kind: "angles", rows: 32, frequencies: [1, 0.1, 1e-7], scale: 1 },
        }),
        buffer("c", { kind: "constant", fill: { kind: "data", dtype: "f32", values: [1, -0, -Infinity, 2 ** 64] } }),
      ]),
    );
    for (const row of [
      '{w, "w", Type::f16, {4, 6}, true},',
      '{v, "v", Type::f32, {}, false, {2, 3}, {1, 0}},',
      "{angles, Type::f32, {1.0, 0.1, 1e-7}, 32, 1.0},",
      "{c, Type::f32, {1.0, -0.0, -INFINITY, 18446744073709552000.0}},",
      '{RuleKind::rename, "old", "new", ""},',
      '{RuleKind::optional_prefix, "model.", "", ""},',
      '{RuleKind::ignore, "**.\\"quoted\\"", "", ""},',
      '{RuleKind::tied, "head", "embed", ""},',
      '{RuleKind::stack, "...e.{k}", "e", "k"},',
      "model.eos = {0, 7};",
      '{"prefill", 1, 8, run_prefill,',
    ])
      expect(text).toContain(row);
  });

  it("breaks off where the driver has no such size", () => {
    expect(() => emitCudaPlan(data, program([buffer("a")], { size: "N" }))).toThrow(InternalError);
  });
});
