/** What a source without mistakes becomes: config values, parameters, loops, families, taps, storage. */
import { describe, expect, it } from "vitest";
import { walk } from "../../../src/ir/index.ts";
import { locOf } from "../../../src/support/source.ts";
import { analyzeFile, analyzeText, irOf, modelWith, repositoryFile } from "./analyze-text.ts";

const layered = (use: string, inner = "return x * scale", config = "scale: float"): string =>
  modelWith({
    body: `  block Layer(${config})(x: f[B, T, dim]) -> f[B, T, dim] {\n    ${inner}\n  }\n  ${use}`,
    forward: "return repeat(layers, x)",
    config: "dim: int = 8, depth: int = 5, scales: float[] = [1.0, 2.0, 3.0, 2.0, 3.0]",
  });
const repeats = (text: string): readonly string[] => irOf(text).match(/repeat %\w+ in \d+\.\.\d+/g) ?? [];

describe("examples", () => {
  it.each(["examples/moby/moby.llm", "examples/llama/llama.llm", "examples/gpt2/gpt2.llm"])(
    "%s has no mistake",
    (path) => {
      const { model, diagnostics } = analyzeFile(repositoryFile(path), { taps: true });
      expect(diagnostics).toEqual([]);
      expect(model?.module.funcs.map((func) => func.name)).toEqual(["forward"]);
    },
  );
  it("moby has the parameters of its checkpoint", () => {
    const { model } = analyzeFile(repositoryFile("examples/moby/moby.llm"));
    const count = model!.parameters.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    expect(model!.parameters).toHaveLength(38);
    expect(count).toBe(869_504);
    expect(model!.context).toBe(512);
    expect(model!.parameters).toContainEqual(
      expect.objectContaining({
        path: "model.layers.3.mlp.up_proj.weight",
        template: "model.layers.{i}.mlp.up_proj.weight",
        index: 3,
        dims: [352, 128],
      }),
    );
  });
});

describe("config values", () => {
  const text = modelWith({
    config: 'dim: int = 8, ffn: int = 4 * dim, eps: float = 1, tied: bool = true, name: text = "a", ids: int[] = [1]',
    forward: "return x",
  });
  it("are read from texts by the declared type, and defaults follow", () => {
    const set = { dim: "16", eps: "1e-3", tied: "false", name: "b", ids: "[4, 5]" };
    expect(analyzeText(text, { set }).model?.config).toEqual({
      dim: 16,
      ffn: 64,
      eps: 1e-3,
      tied: false,
      name: "b",
      ids: [4, 5],
    });
  });
  it("say how the frequencies of rope are stretched", () => {
    const text = modelWith({
      config: 'dim: int = 8, kind: text = "longrope", factor: float[] = [1.0, 2.0, 4.0, 8.0]',
      forward: "return rope(x, 10000.0, scaling: kind, factors: factor, factor: 4.0, original: 32, scale: 1.5)",
    });
    const found = analyzeText(text).model!.module.funcs[0]!.body.ops.find(({ name }) => name === "rope");
    expect(found?.attrs).toMatchObject({ scale: 1.5 });
    const frequencies = found?.attrs["frequencies"] as readonly number[];
    [1, 0.05, 0.0025, 0.000125].forEach((each, j) => expect(frequencies[j]).toBeCloseTo(each, 14));
    expect(irOf(text, { set: { kind: "yarn" } })).not.toBe(irOf(text));
  });
  it("choose by what a list contains", () => {
    const chosen = (list: string, value: string): boolean =>
      irOf(modelWith({ forward: `return if contains(${list}, ${value}) { relu(x) } else { x }` })).includes("relu");
    expect(chosen("[1, 3]", "3")).toBe(true);
    expect(chosen("[1, 3]", "2")).toBe(false);
    expect(chosen('["a", "b"]', '"b"')).toBe(true);
    expect(chosen("[1.5]", "1.5")).toBe(true);
    expect(chosen("[true]", "false")).toBe(false);
  });
  it("are taken as values", () => {
    const set = { dim: 4, eps: 2, ids: [7, 8] };
    expect(analyzeText(text, { set }).model?.config).toMatchObject({ dim: 4, ffn: 16, eps: 2, ids: [7, 8] });
  });
  it.each([
    ["dim", "1.5"],
    ["dim", "1e3"],
    ["tied", "yes"],
    ["eps", "small"],
    ["ids", "1,x"],
    ["dim", 1.5],
  ])("%s = %s is refused", (name, value) => {
    expect(analyzeText(text, { set: { [name]: value } }).diagnostics.map((each) => each.code)).toEqual(["LLM0302"]);
  });
  it.each(["-1", "0", "2147483648", "9007199254740993"])("dim = %s makes no model", (dim) => {
    const { model, diagnostics } = analyzeText(text, { set: { dim } });
    expect(model).toBeUndefined();
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]!.message).toContain(`dim = ${dim}`);
  });
  it("2^31 - 1 is a size", () => {
    expect(analyzeText(text, { set: { dim: "2147483647" } }).model).toBeDefined();
  });
});

describe("repeat", () => {
  it("is one loop for equal layers", () => {
    expect(repeats(layered("use layers: Layer(0.5)[depth]"))).toEqual(["repeat %i in 0..5"]);
  });
  it("takes scalars that differ as a family of constants", () => {
    const text = irOf(layered("use layers: Layer(scales[i]) for i in 0..depth"));
    expect(text).toContain("f32[5](1.0, 2.0, 3.0, 2.0, 3.0), family = 5");
    expect(text).toContain("repeat %i in 0..5");
    expect(text).toMatch(/mul\(%\w+(\.\d)?, %\w+(\.\d)?\) : f32\[B, T, 8\]/);
  });
  it("splits a structure of period 2 into a loop over pairs and a remainder", () => {
    const inner = "use up: Linear(dim, dim)\n    if deep { return up(x) + x } else { return up(x) }";
    const text = layered("use layers: Layer(deep: i % 2 == 1) for i in 0..depth", inner, "deep: bool");
    const ir = irOf(text);
    expect(repeats(text)).toEqual(["repeat %i in 0..2", "repeat %i in 0..1"]);
    for (const path of ["layers.{2*i}.up.weight", "layers.{2*i+1}.up.weight", "layers.{i+4}.up.weight"])
      expect(ir).toContain(path);
  });
  it("does not put layers that are stored differently into one loop", () => {
    const inner = "use up: Linear(dim, dim)\n    return up(x) * scale";
    const text = layered("use layers: Layer(0.5)[4]", inner);
    expect(repeats(text)).toEqual(["repeat %i in 0..4"]);
    const storage = (path: string) => (path.startsWith("layers.0.") ? "f32" : "f16");
    expect(irOf(text, { storage }).match(/repeat %\w+ in \d+\.\.\d+/g)).toEqual([
      "repeat %i in 0..1",
      "repeat %i in 0..3",
    ]);
  });
  it("reads a parameter from outside of the layers once, before the loop", () => {
    const text = modelWith({
      body: "  use shared: Linear(dim, dim)\n  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { return shared(x) }\n  use layers: Layer[3]",
      forward: "return repeat(layers, shared(x))",
    });
    expect(irOf(text).match(/param "shared.weight"/g)).toHaveLength(1);
  });
  it("nests", () => {
    const text = modelWith({
      body: `  block Inner(x: f[B, T, dim]) -> f[B, T, dim] { use up: Linear(dim, dim) return up(x) }
  block Stage(x: f[B, T, dim]) -> f[B, T, dim] { use blocks: Inner[2] return repeat(blocks, x) }
  use stages: Stage[3]`,
      forward: "return repeat(stages, x)",
    });
    expect(irOf(text)).toContain('param "stages.{i}.blocks.{j}.up.weight"');
    expect(analyzeText(text).model!.parameters.map((each) => each.path)).toContain("stages.2.blocks.1.up.weight");
  });
});

/** The results of `forward` in a build with taps. */
function resultsOf(parts: Parameters<typeof modelWith>[0]): readonly string[] {
  const { model, diagnostics } = analyzeText(modelWith(parts), { taps: true });
  expect(diagnostics).toEqual([]);
  return model!.module.funcs[0]!.results.map((each) => each.name);
}

describe("taps", () => {
  const text = modelWith({
    body: "  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { return x + x }\n  use m.layers: Layer[3]",
    forward: 'let h = repeat(m.layers, x)\n    tap "hidden.final" = h * 2\n    return h',
  });
  it("add results to forward", () => {
    const results = analyzeText(text, { taps: true }).model!.module.funcs[0]!.results.map((each) => each.name);
    expect(results).toEqual(["logits", "m.layers.in", "m.layers.out", "hidden.final"]);
    expect(irOf(text, { taps: true })).toContain("m.layers.out: 3 x f32[B, T, 8]");
  });
  it("of layers that differ are told apart by their first layer", () => {
    const results = resultsOf({
      body: `  block Layer(isFirst: bool)(x: f[B, T, dim]) -> f[B, T, dim] {
    let y = if isFirst { x * 2.0 } else { x + x }
    tap "hidden" = y
    return y
  }
  use layers: Layer(isFirst: i == 0) for i in 0..4`,
      forward: "return repeat(layers, x)",
    });
    const [, ...taps] = results;
    expect(taps).toEqual([
      "layers.in",
      "layers.out_from_0_step_1",
      "hidden_from_0_step_1",
      "layers.out_from_1_step_1",
      "hidden_from_1_step_1",
    ]);
  });
  it("of layers that alternate are one each", () => {
    const [, ...taps] = resultsOf({
      body: `  block Layer(isOdd: bool)(x: f[B, T, dim]) -> f[B, T, dim] {
    let y = if isOdd { x * 2.0 } else { x + x }
    tap "hidden" = y
    return y
  }
  use layers: Layer(isOdd: i % 2 == 1) for i in 0..4`,
      forward: "return repeat(layers, x)",
    });
    expect(taps).toEqual([
      "layers.in",
      "layers.out_from_0_step_2",
      "layers.out_from_1_step_2",
      "hidden_from_0_step_2",
      "hidden_from_1_step_2",
    ]);
  });
  it("of a list in a layer that is named by its number are words", () => {
    const [, ...taps] = resultsOf({
      body: `  block Stage(x: f[B, T, dim]) -> f[B, T, dim] {
    use blocks: Layer[2]
    return repeat(blocks, x)
  }
  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { return x + x }
  use stages: Stage[2]`,
      forward: "return stages[1](stages[0](x))",
    });
    expect(taps).toEqual(["stages_0.blocks.in", "stages_0.blocks.out", "stages_1.blocks.in", "stages_1.blocks.out"]);
  });
  it("of a list that is used twice are told apart", () => {
    const [, ...taps] = resultsOf({
      body: "  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { return x + x }\n  use layers: Layer[2]",
      forward: "return repeat(layers, repeat(layers, x))",
    });
    expect(taps).toEqual(["layers.in", "layers.out", "layers_use_2.in", "layers_use_2.out"]);
  });
  it("are absent from a build without them", () => {
    expect(analyzeText(text).model!.module.funcs[0]!.results).toHaveLength(1);
  });
});

describe("values", () => {
  it("carry names and places of the source", () => {
    const { model } = analyzeText(
      modelWith({ body: "  use up: Linear(dim, dim)", forward: "let y = up(x)\n    let z = y * 2\n    return z" }),
    );
    const places = new Map<string, number>();
    walk(model!.module.funcs[0]!.body, (op) => places.set(`${op.name} ${op.results[0]!.name}`, op.loc!.start.line));
    expect(places.get("mul z")).toBe(5);
    expect([...places.keys()].some((key) => key.startsWith("matmul"))).toBe(true);
    expect(places.get([...places.keys()].find((key) => key.startsWith("matmul"))!)).toBe(4);
    expect(locOf({ file: { path: "", text: "a" }, start: 0, end: 1 }).start.line).toBe(1);
  });
  it("are cast from the storage type to f32", () => {
    const text = modelWith({ body: "  use up: Linear(dim, dim)", forward: "return up(x)" });
    expect(irOf(text, { storage: () => "f16" })).toMatch(
      /param "up.weight" : f16\[8, 8\]\n\s+%\S+ = cast\(%\S+\) \{dtype = f32\}/,
    );
    expect(irOf(text)).not.toContain("cast");
  });
  it("of slices and indices have the sizes of NumPy", () => {
    const text = (forward: string) => `model M(dim: int = 8) { forward(x: f[B, T, dim]) -> ${forward} }`;
    expect(irOf(text("f[B, T, 3] { return x[..., 2:5] }"))).toContain("slice");
    expect(irOf(text("f[B, dim] { return x[:, -1] }"))).toContain("start = <T - 1>, end = <T>");
    expect(irOf(text("f[B, T] { return x[..., 0] }"))).toContain("reshape");
  });
});

describe("weights", () => {
  const text = modelWith({
    config: "dim: int = 8, tied: bool = true",
    body: `  use emb: Linear(dim, dim)
  if !tied { use head: Linear(dim, dim) }
  weights {
    rename "old.emb" = "emb"
    optional_prefix "model."
    ignore "**.bias"
    tied "head.weight" = "emb.weight"
  }`,
    forward: "let h = emb(x)\n    if tied { return h } else { return head(h) }",
  });
  it("are plain data", () => {
    expect(analyzeText(text).model?.weights).toEqual({
      renames: [{ published: "old.emb", path: "emb" }],
      optionalPrefixes: ["model."],
      ignores: ["**.bias"],
      ties: [{ published: "head.weight", path: "emb.weight" }],
      stacks: [],
    });
  });
  it("tie nothing that is a parameter of its own", () => {
    expect(analyzeText(text, { set: { tied: "false" } }).model?.weights.ties).toEqual([]);
  });
});

describe("a list of names", () => {
  it("names the parts of a split", () => {
    const ir = irOf(modelWith({ forward: "let (low, high) = split(x, 2)\n    return concat(high, low, axis: -1)" }));
    expect(ir).toContain("%low, %high = split(%x) {sizes = [4, 4], axis = 2} : (f32[B, T, 4], f32[B, T, 4])");
    expect(ir).toContain("concat(%high, %low)");
  });
  it("takes a list of config values apart, and a list with a choice in it", () => {
    const forward = "let (a, b) = factors\n    let (first) = [if a == 2 { x * a } else { x }]\n    return first + b";
    expect(irOf(modelWith({ config: "dim: int = 8, factors: int[] = [2, 3]", forward }))).toMatch(/mul\(%x, %\w+\)/);
  });
  it("names the results of a scan", () => {
    const forward = `let (sum, last) = scan(h: f[B, dim]) over T with x {
      let (next, out) = [h + x, h]
      return (next, next, out)
    }
    return sum - last`;
    expect(irOf(modelWith({ forward }))).toMatch(/%h(\.\d)?, %sum, %last = scan /);
  });
  it("is read in a block that is called in a loop", () => {
    const body = `  block Layer(x: f[B, T, dim]) -> f[B, T, dim] {
    use up: Linear(dim, 3 * dim)
    let (sizes, _rest) = [[8, 16], [8]]
    let (a, b) = split(up(x), sizes: sizes)
    return a + split(b, 2)[1]
  }
  use layers: Layer[3]`;
    expect(irOf(modelWith({ body, forward: "return repeat(layers, x)" }))).toContain("%a, %b = split(");
  });
});
