/**
 * Golden pass tests: text before, command, text after. Each file in `passes/` opens with `// passes: decompose, fuse`,
 * or `// passes: decompose for cpu-simd` where the profile is not webgpu-base; mixed-precision is that of `compute = f16`;
 * a line `// ----` stands between the module before and the module after. A near miss lies beside what must change, in
 * the same module or in a file of its own.
 */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parseModule, printModule, verifyModule } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { profileNamed } from "../../src/profiles/index.ts";
import type { PassContext } from "../../passes/manager/pass.ts";
import { tensorPipeline } from "../../passes/pipelines.ts";

const folder = path.join(import.meta.dirname, "passes");
const passes = new Map(tensorPipeline(["forward", "generate"], "f16").passes.map((pass) => [pass.name, pass]));

test.each(readdirSync(folder).filter((file) => file.endsWith(".ir")))("%s", (file) => {
  const [head = "", ...lines] = readFileSync(path.join(folder, file), "utf8").split("\n");
  const [, list = "", profile = "webgpu-base"] = /^\/\/ passes: (.*?)(?: for (.*))?$/.exec(head) ?? [];
  const names = list.split(", ");
  const info = profileNamed(profile);
  if (info === undefined) throw new Error(`${file}: no profile ${profile}`);
  const context: PassContext = { ops: OPS, info, capacities: { B: 1, T: 64, S: 256 } };
  expect(names.length).toBeGreaterThan(0);
  const [before = "", after] = lines.join("\n").split("// ----\n");
  let module = parseModule(before, OPS);
  for (const name of names) {
    const pass = passes.get(name);
    if (pass === undefined) throw new Error(`${file}: no pass ${name}`);
    module = pass.run(module, context).ir;
    expect(verifyModule(module, OPS)).toEqual([]);
  }
  expect(printModule(module)).toBe(after);
});
