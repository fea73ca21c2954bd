/** Programs unlike a language model, built with the entry `forward`: each profile's kernels give the interpreter's answers. */
import { describe, expect, test } from "vitest";
import { compile } from "../../src/driver/compile.ts";
import { evaluate } from "../../src/interp/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { PROFILES } from "../../src/profiles/index.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { randomTensor } from "../support/random-tensor.ts";
import { runPlan } from "../support/run-plan.ts";
import { programTolerance } from "../support/tolerance.ts";
import { ODD_PROGRAMS } from "./odd-programs.ts";

const sizes = { B: 2, T: 5, S: 16 };
const OFF = ["canonicalize", "decompose", "fuse", "simplify-index", "memory-plan"];

describe.each(ODD_PROGRAMS)("$name", ({ text }) => {
  const cases = PROFILES.flatMap((profile) => [[], OFF].map((off) => [profile.name, off.length === 0 ? "all" : "no", profile, off] as const)); // prettier-ignore

  test.each(cases)("%s, with %s passes", (_profile, _passes, profile, off) => {
    const options = { profiles: [profile], entries: ["forward"] as const, taps: true, batch: 3, chunk: 7, off };
    const { builds, model, diagnostics } = compile({ path: "odd.llm", text }, options);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    const [build] = builds;
    const func = model?.module.funcs[0];
    if (build === undefined || func === undefined) throw new Error("no build");

    const rng = new Rng(5);
    const weights = new Map(model?.parameters.map(({ path, dims }) => [path, randomTensor(rng, "f32", dims)]));
    const inputs = Object.fromEntries(func.args.map(({ name, value }) => [name, randomTensor(rng, value.type.dtype, value.type.dims.map((dim) => dim.evaluate(sizes)))])); // prettier-ignore
    const weightAt = (path: string): Tensor => weights.get(path)!;
    const [exact, rounded] = (["exact", "rounded"] as const).map((mode) => evaluate(func, inputs, { ops: OPS, params: weightAt, symbols: sizes, mode })); // prettier-ignore
    // A plan has no buffer for an argument that nothing reads.
    const read = Object.fromEntries(Object.entries(inputs).filter(([name]) => name in (build.program.plans[0]?.inputs ?? {}))); // prettier-ignore
    const results = runPlan(build.program, "forward", { sizes, inputs: read, weights: weightAt }, profile.name === "js" ? "js" : "interpreter"); // prettier-ignore

    for (const [name, expected] of members(exact!)) {
      const tolerance = programTolerance(expected, members(rounded!).get(name)!);
      const actual = results.read(name, expected.dtype, expected.dims);
      expect(compareTensors(actual, expected, tolerance, { what: name })).toBeUndefined();
    }
  });
});

/** Results by name; the members of a family as `name.i`. */
function members(results: Readonly<Record<string, Tensor | readonly Tensor[]>>): ReadonlyMap<string, Tensor> {
  return new Map(
    Object.entries(results).flatMap(([name, found]): readonly (readonly [string, Tensor])[] =>
      "data" in found ? [[name, found]] : found.map((member, i) => [`${name}.${i}`, member] as const),
    ),
  );
}
