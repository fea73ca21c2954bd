/** Values of a published config for a model that declares them by their published names. */
import { describe, expect, it } from "vitest";
import { parse } from "../../../grammar/index.ts";
import { configValues } from "../../../src/import/config-values.ts";
import type { ConfigValues } from "../../../src/import/config-values.ts";
import { repositoryFile } from "../sema/analyze-text.ts";

const model = (config: string, name = "M"): string =>
  `model ${name}(${config}) {\n  forward(x: f[B, 8]) -> f[B, 8] { return x }\n}\n`;

function read(json: unknown, text: string, name?: string): ConfigValues {
  const { ast } = parse({ path: "m.llm", text });
  const config = typeof json === "string" ? json : JSON.stringify(json);
  return configValues({ path: "config.json", text: config }, ast, name);
}
const values = (json: unknown, text: string, name?: string): unknown => read(json, text, name).values;
const told = (json: unknown, text: string): readonly string[] =>
  read(json, text).diagnostics.map(({ code, message }) => `${code} ${message}`);

describe("values of a config.json", () => {
  it("are taken where the model declares their names, whatever their kind", () => {
    const json = { hidden_size: 48, eps: 1e-6, tied: true, act: "gelu", types: ["a", "b"], other: 3 };
    const text = model("hidden_size: int, eps: float, tied: bool, act: text, types: text[], missing: int = 1");
    expect(values(json, text)).toEqual({ hidden_size: 48, eps: 1e-6, tied: true, act: "gelu", types: ["a", "b"] });
  });
  it("one value stands for a list of one, not the other way round", () => {
    expect(values({ eos: 2 }, model("eos: int[]"))).toEqual({ eos: [2] });
    expect(values({ eos: [2, 3] }, model("eos: int[]"))).toEqual({ eos: [2, 3] });
    expect(values({ eos: [2] }, model("eos: int"))).toEqual({ eos: [2] });
  });
  it("null leaves the default", () => expect(values({ cap: null }, model("cap: float = 2.0"))).toEqual({}));
  it("are found in the one object that holds them; the top comes first, and two make none", () => {
    const text = model("theta: float = 1.0");
    expect(values({ rope: { theta: 5 } }, text)).toEqual({ theta: 5 });
    expect(values({ theta: 7, rope: { theta: 5 } }, text)).toEqual({ theta: 7 });
    expect(values({ a: { theta: 6 }, rope: { theta: 5 } }, text)).toEqual({});
    expect(values({ a: { rope: { theta: 6 } } }, text)).toEqual({});
  });
  it("are found deeper by the last keys of their path, joined", () => {
    const rope = { full_attention: { theta: 1e6 }, sliding_attention: { theta: 1e4 } };
    const text = model("full_attention_theta: float = 1.0, sliding_attention_theta: float = 1.0, theta: float = 2.0");
    const found = { full_attention_theta: 1e6, sliding_attention_theta: 1e4 };
    expect(values({ rope }, text)).toEqual(found);
    expect(values({ rope, full_attention_theta: 3 }, text)).toEqual({ ...found, full_attention_theta: 3 });
    expect(values({ rope }, model("rope_full_attention_theta: float"))).toEqual({ rope_full_attention_theta: 1e6 });
    expect(values({ rope, other: rope }, text)).toEqual({});
    expect(values({ rope }, model("attention_theta: float = 1.0"))).toEqual({});
  });
  it("are those of the model that is named", () => {
    const two = model("a: int = 1", "First") + model("b: int = 1", "Second");
    expect(values({ a: 3, b: 4 }, two, "Second")).toEqual({ b: 4 });
    expect(values({ a: 3, b: 4 }, two, "Third")).toEqual({});
  });
  it("a name like a property of every object is only a name", () =>
    expect(values({}, model("constructor: int = 1, toString: int = 2"))).toEqual({}));
  it("an object is no value, and says where", () => {
    const found = read({ inner: { size: { a: 1 } } }, model("size: int"));
    expect(found).toMatchObject({ values: {}, malformed: false, diagnostics: [{ code: "LLM0313", loc: { path: "config.json" } }] }); // prettier-ignore
    expect(told({ size: [1, [2]] }, model("size: int[]"))).toEqual([
      "LLM0313 `size` is [1,[2]], which is no value of a model's config",
    ]);
  });
  it("a file that is no strict JSON is told", () => {
    expect(read("{", model("a: int"))).toMatchObject({ malformed: true, diagnostics: [{ code: "LLM0309" }] });
    expect(read("[1]", model("a: int"))).toMatchObject({ malformed: true, diagnostics: [{ code: "LLM0309" }] });
  });
  it("gemma2 gets all that it declares", () => {
    const { ast } = parse(repositoryFile("examples/gemma2/gemma2.llm"));
    const found = configValues(repositoryFile("tests/fixtures/golden/gemma2/config.json"), ast, undefined);
    const [declared] = ast.items.flatMap((item) => (item.kind === "model" ? [item.config] : []));
    const left = declared!.map(({ name }) => name.text).filter((name) => !Object.hasOwn(found.values, name));
    expect(left).toEqual(["context", "eos"]);
    expect(found.values).toMatchObject({ rope_theta: 10000, layer_types: ["sliding_attention", "full_attention", "sliding_attention"], eos_token_id: [2] }); // prettier-ignore
  });
});
