/** The manager: impossible orders are refused before a program is seen; off means trivial or absent. */
import { describe, expect, test } from "vitest";
import { OPS } from "../../../../src/ops/index.ts";
import { webgpuBase } from "../../../../src/profiles/webgpu.ts";
import type { Pass, PassContext, Property } from "../../../../passes/manager/pass.ts";
import { makePipeline, passNames, runPipeline } from "../../../../passes/manager/pipeline.ts";
import { diagnostic } from "../../../../src/support/diagnostic.ts";

const context: PassContext = { ops: OPS, info: webgpuBase, capacities: {} };
const sorted: Property<string> = {
  name: "sorted",
  doc: "Letters stand in order.",
  check: (ir) => (ir === [...ir].sort().join("") ? undefined : `${ir} is not sorted`),
};

/** A pass over strings. */
function pass(name: string, more: Partial<Pass<string>> = {}): Pass<string> {
  const run: Pass<string>["run"] = (ir) => ({ ir: `${ir}${name}`, diagnostics: [] });
  const base = {
    summary: "",
    promise: "bit-exact",
    requires: [],
    establishes: [],
    destroys: [],
    required: false,
  } as const;
  return { ...base, name, run, ...more };
}
const sort = pass("sort", {
  required: true,
  establishes: [sorted],
  run: (ir) => ({ ir: [...ir].sort().join(""), diagnostics: [] }),
});

describe("order", () => {
  test("a requirement that nothing establishes", () => {
    expect(() => makePipeline("p", [pass("use", { requires: [sorted] })])).toThrow(
      'pipeline p: use requires "sorted", but no required pass before it establishes that',
    );
    expect(() => makePipeline("p", [sort, pass("use", { requires: [sorted] })])).not.toThrow();
  });
  test("a requirement that was destroyed", () => {
    const passes = [sort, pass("mix", { destroys: [sorted] }), pass("use", { requires: [sorted] })];
    expect(() => makePipeline("p", passes)).toThrow("mix destroys that before it");
    expect(() => makePipeline("p", [...passes.slice(0, 2), sort, ...passes.slice(2)])).not.toThrow();
  });
  test("an optional pass is not enough: it may be off", () => {
    const optional = { ...sort, required: false };
    expect(() => makePipeline("p", [optional, pass("use", { requires: [sorted] })])).toThrow("no required pass");
  });
});

describe("run", () => {
  const trivial: Pass<string>["run"] = (ir) => ({ ir: `${ir}-`, diagnostics: [] });
  const pipeline = makePipeline("p", [
    pass("a"),
    pass("b", { required: true, trivial }),
    pass("c", { required: true }),
  ]);

  test("off: absent, trivial, or run where there is no trivial mode", () => {
    const { ir, records, unknown } = runPipeline(pipeline, "", context, { off: new Set(["a", "b", "c", "d"]) });
    expect(ir).toBe("-c");
    expect(records.map(({ mode }) => mode)).toEqual(["off", "trivial", "run"]);
    expect(unknown).toEqual(["d"]);
    expect(runPipeline(pipeline, "", context, { off: new Set() }).ir).toBe("abc");
  });
  test("records hold what the instrument gives, and only that", () => {
    let now = 0;
    const instrument = { clock: () => now++, size: (ir: string) => ir.length, print: (ir: string) => `<${ir}>` };
    const { records } = runPipeline(pipeline, "x", context, { off: new Set(), instrument });
    expect(records[1]).toEqual({
      pass: "b",
      mode: "run",
      seconds: 1,
      opsBefore: 2,
      opsAfter: 3,
      before: "<xa>",
      after: "<xab>",
    });
    expect(runPipeline(pipeline, "x", context, { off: new Set() }).records[0]?.before).toBeUndefined();
  });
  test("a pass that lies about what it establishes, and one that breaks the program", () => {
    const liar = makePipeline("p", [{ ...sort, run: (ir: string) => ({ ir, diagnostics: [] }) }]);
    const check = { off: new Set<string>(), instrument: { checkProperties: true } };
    expect(() => runPipeline(liar, "ba", context, check)).toThrow(
      'sort (run) does not establish "sorted": ba is not sorted',
    );
    expect(() => runPipeline(liar, "ab", context, check)).not.toThrow();
    const verify = (ir: string): string | undefined => (ir.includes("b") ? "there is a b" : undefined);
    const broken = { off: new Set<string>(), instrument: { verify } };
    expect(() => runPipeline(pipeline, "", context, broken)).toThrow("after b: there is a b");
  });
  test("an error ends the run", () => {
    const failing = pass("f", { run: (ir) => ({ ir, diagnostics: [diagnostic("LLM0502", "no")] }) });
    const { ir, diagnostics } = runPipeline(makePipeline("p", [failing, pass("a")]), "x", context, { off: new Set() });
    expect(ir).toBe("x");
    expect(diagnostics.map((d) => d.code)).toEqual(["LLM0502"]);
  });
  test("names are listed once", () => {
    expect(passNames(makePipeline("p", [pass("a"), pass("b"), pass("a")]))).toEqual(["a", "b"]);
  });
});
