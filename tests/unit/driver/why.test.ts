/** `inspect --why`: the reasons are those of the pass, for neighbours, along ways, and where the pass had no choice. */
import { describe, expect, it } from "vitest";
import { fuse } from "../../../passes/tensor/fuse.ts";
import type { Reason } from "../../../passes/tensor/fuse/decision.ts";
import { REASONS } from "../../../passes/tensor/fuse/decision.ts";
import { compile } from "../../../src/driver/compile.ts";
import { why } from "../../../src/driver/why.ts";
import { whyText } from "../../../src/driver/why-text.ts";
import type { Told, Why } from "../../../src/driver/why.ts";
import { parseModule, printModule, walk } from "../../../src/ir/index.ts";
import type { Func, Op, Value } from "../../../src/ir/index.ts";
import { printedNames } from "../../../src/ir/print.ts";
import { OPS } from "../../../src/ops/index.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";
import { repositoryFile } from "../sema/analyze-text.ts";

interface Fused {
  readonly told: readonly Told[];
  readonly text: string;
}

/** The body of a function over %x: f32[B, T, 8], through fuse. */
function fused(lines: string, { args = "", most = 8, isOn = true } = {}): Fused {
  const text = `module "m"\n\nfunc @f(%x: f32[B, T, 8]${args}) -> (y: f32[B, T, 8]) {\n${lines}\n  return %y\n}\n`;
  const told: Told[] = [];
  const info = { ...webgpuBase, limits: { ...webgpuBase.limits, maxStorageBuffers: most } };
  const context = { ops: OPS, info, capacities: { B: 1, T: 128 } };
  const module = parseModule(text, OPS);
  const run = isOn ? fuse.run : fuse.trivial!;
  const { ir } = run(module, { ...context, decided: (func, decision) => told.push({ func, decision }) });
  // Whoever listens changes nothing.
  expect(printModule(ir)).toBe(printModule(run(module, context).ir));
  return { told, text: printModule(ir) };
}

function answer(told: readonly Told[], first: string, second: string): Why {
  const found = why(told, first, second);
  if (typeof found === "string") throw new Error(found);
  expect(found).toHaveLength(1);
  return found[0]!;
}

const reasons = ({ apart }: Why): readonly string[] => apart.map(({ reason }) => reason);

const EXP = "%e = exp(%x) : f32[B, T, 8]";
const MEAN = "%m = mean(%e) {axis = -1, keep = true} : f32[B, T, 1]";
const MAX_T =
  "%t = transpose(%c) {perm = [0, 2, 1]} : f32[B, 8, T]\n  %n = reduce_max(%t) {axis = -1, keep = true} : f32[B, 8, 1]";
const product = (name: string, left: string, right: string): string =>
  `%${name} = matmul(%${left}, %${right}) {transpose_a = false, transpose_b = false} : f32[B, T, 8]`;
const SQUARE = ", %w: f32[8, 8], %v: f32[8, 8]";

describe("neighbours", () => {
  it("that are merged show the merge", () => {
    const { told } = fused(`  ${EXP}\n  %y = add(%e, %x) : f32[B, T, 8]`);
    expect(answer(told, "%e", "y")).toMatchObject({
      functions: ["f"],
      together: ["exp"],
      merges: [{ producer: ["e"], consumer: ["y"] }],
      apart: [],
    });
  });

  it.each<[Reason, string, string, string, { args?: string; most?: number; isOn?: boolean }?]>([
    ["two-anchors", "p", "m", `  ${product("p", "x", "w")}\n  %m = mean(%p) {axis = -1, keep = true} : f32[B, T, 1]\n  %y = mul(%p, %m) : f32[B, T, 8]`, { args: SQUARE }],
    ["product-rows", "m", "p", `  ${EXP}\n  ${MEAN}\n  %c = mul(%x, %m) : f32[B, T, 8]\n  ${product("p", "c", "w")}\n  %y = add(%p, %x) : f32[B, T, 8]`, { args: SQUARE }],
    ["product-operand", "e", "y", `  ${EXP}\n  ${product("y", "e", "w")}`, { args: SQUARE }],
    ["product-grid", "p", "y", `  ${product("p", "x", "w")}\n  ${product("y", "p", "v")}`, { args: SQUARE }],
    ["product-epilogue", "p", "y", `  ${product("p", "x", "w")}\n  %r = reshape(%p) {shape = [B, T, 2, 4]} : f32[B, T, 2, 4]\n  %s = transpose(%r) {perm = [0, 1, 3, 2]} : f32[B, T, 4, 2]\n  %y = reshape(%s) {shape = [B, T, 8]} : f32[B, T, 8]`, { args: SQUARE }],
    ["fuse-off", "e", "y", `  ${EXP}\n  %y = add(%e, %x) : f32[B, T, 8]`, { isOn: false }],
    ["bindings", "e", "y", `  %e = add(%x, %a) : f32[B, T, 8]\n  %y = add(%e, %b) : f32[B, T, 8]`, { args: ", %a: f32[B, T, 8], %b: f32[B, T, 8]", most: 3 }],
    ["reduction-axis", "m", "n", `  ${EXP}\n  ${MEAN}\n  %c = mul(%x, %m) : f32[B, T, 8]\n  ${MAX_T}\n  %k = transpose(%n) {perm = [0, 2, 1]} : f32[B, 1, 8]\n  %y = add(%x, %k) : f32[B, T, 8]`],
  ])("%s", (reason, first, second, lines, options) => {
    const { told } = fused(lines, options);
    const found = answer(told, first, second);
    expect(reasons(found)).toContain(reason);
    expect(found.together).toEqual([]);
    expect(found.apart.find((step) => step.reason === reason)!.text).toContain(REASONS[reason]);
    // Asked the other way around the way is the same.
    expect(answer(told, second, first).apart).toEqual(found.apart);
  }); // prettier-ignore

  it("counts the bindings", () => {
    const lines = "  %e = add(%x, %a) : f32[B, T, 8]\n  %y = add(%e, %b) : f32[B, T, 8]";
    const { told } = fused(lines, { args: ", %a: f32[B, T, 8], %b: f32[B, T, 8]", most: 3 });
    expect(whyText([answer(told, "e", "y")])).toContain("(buffers: 4, most: 3) [bindings]");
  });
});

describe("what never met", () => {
  it("is unrelated where neither is computed from the other", () => {
    const lines = `  ${product("p", "x", "w")}\n  ${product("q", "p", "v")}\n  %r = reshape(%x) {shape = [B, T, 8]} : f32[B, T, 8]\n  %a = mean(%r) {axis = -1, keep = true} : f32[B, T, 1]\n  %y = add(%q, %a) : f32[B, T, 8]`;
    expect(reasons(answer(fused(lines, { args: SQUARE }).told, "p", "a"))).toEqual(["unrelated"]);
  });

  it("is unused where nothing reads it", () => {
    expect(reasons(answer(fused(`  ${EXP}\n  %y = add(%x, %x) : f32[B, T, 8]`).told, "e", "y"))).toEqual(["unused"]);
  });

  it("is told by name where there is no such thing", () => {
    const { told } = fused(`  %total = exp(%x) : f32[B, T, 8]\n  %y = add(%total, %x) : f32[B, T, 8]`);
    expect(why(told, "totel", "y")).toBe(
      "there is no value, line, op, layer or kernel `totel` in the tensor IR in front of fuse, did you mean `total`?",
    );
    // An op goes before the kernel of the same name.
    expect(answer(told, "exp", "add").first.values).toEqual(["total"]);
  });
});

describe("a whole model", () => {
  const moby = repositoryFile("examples/moby/moby.llm");
  const told: Told[] = [];
  const options = { profiles: [webgpuBase], entries: ["generate"], until: "fuse", texts: true } as const;
  const { traces } = compile(moby, { ...options, decided: (func, decision) => told.push({ func, decision }) });

  it("is compiled the same while somebody listens", () => {
    const behind = (records: (typeof traces)[number]["records"] | undefined): unknown => records?.at(-1)?.after;
    expect(behind(traces[0]?.records)).toBe(behind(compile(moby, options).traces[0]?.records));
  });

  it("answers for lines, kernels, ops and values, once for functions that agree", () => {
    const found = why(told, "q_proj", "rope.10");
    expect(found).toMatchObject([
      { functions: ["extend1", "decode"], together: ["q_proj_rope_k_proj_cache_write"], apart: [] },
      { functions: ["extend", "prefill"], together: [], apart: [{ reason: "product-rows" }] },
    ]);
    const beside = why(told, "q_proj_rope_k_proj_cache_write", "v_proj_cache_write");
    expect(beside).toMatchObject([
      { functions: ["extend1", "decode"], absent: [], apart: [{ reason: "bindings" }] },
      { functions: ["extend", "prefill"], absent: ["q_proj_rope_k_proj_cache_write", "v_proj_cache_write"] },
    ]);
    expect(whyText(beside as readonly Why[])).toContain(
      "@extend, @prefill: there is no `q_proj_rope_k_proj_cache_write` and no `v_proj_cache_write`\n",
    );
    expect(why(told, "moby.llm:24", "attention")).not.toBeTypeOf("string");
    const outside = why(told, "embedding", "q_proj");
    expect(outside).toMatchObject([{ apart: [{ reason: "loop" }] }, { apart: [{ reason: "loop" }] }]);
  });

  it("finds a layer that no kernel is called after, and all of what has one name", () => {
    const found = why(told, "gate_proj", "up_proj") as readonly Why[];
    expect(found.flatMap(({ functions }) => functions).sort()).toEqual(["decode", "extend", "extend1", "prefill"]);
    expect(found.map(({ first, together }) => [first.kernels, together])).toEqual(found.map(({ first }) => [first.kernels, first.kernels])); // prettier-ignore
    const rope = (why(told, "rope", "attention") as readonly Why[])[0]!;
    expect(rope.first.values.length).toBeGreaterThan(10);
    expect((why(told, "%rope", "attention") as readonly Why[])[0]!.first.values).toEqual(["rope"]);
    // `proj` is part of a word only, `k_proj` is a layer, `proj_rope` stands in the kernels of some functions.
    expect(why(told, "pro", "attention")).toBeTypeOf("string");
    expect(why(told, "proj_rope", "attention")).toMatchObject([{ absent: [] }, { absent: ["proj_rope"] }]);
  });

  it("says of a norm in front of products that its result is needed by all of them", () => {
    const found = (why(told, "input_layernorm", "q_proj") as readonly Why[]).find(({ functions }) => functions.includes("extend")); // prettier-ignore
    expect(found).toMatchObject({ apart: [{ producer: "rms_norm", consumer: "q_proj", reason: "needed-elsewhere" }] });
  });

  it("has a reason for every value that goes from one kernel to another", () => {
    const own = told.filter(({ func }) => func === "extend1");
    const given = own.find(({ decision }) => decision.kind === "given")!.decision as { readonly func: Func };
    const names = printedNames(given.func);
    const makers = new Map<Value, Op>();
    walk(given.func.body, (op) => op.results.forEach((made) => makers.set(made, op)));
    let [apart, together] = [0, 0];
    walk(given.func.body, (op) => {
      const [made] = op.results;
      for (const used of op.operands) {
        if (made === undefined || used === null || !makers.has(used) || op.regions.length > 0) continue;
        const found = answer(own, `%${names.get(used)}`, `%${names.get(made)}`);
        if (found.together.length > 0) together++;
        else apart++;
        for (const reason of reasons(found)) expect([...Object.keys(REASONS), "loop"]).toContain(reason);
        expect(found.together.length + found.apart.length).toBeGreaterThan(0);
      }
    });
    expect(apart).toBeGreaterThan(10);
    expect(together).toBeGreaterThan(apart);
  });
});
