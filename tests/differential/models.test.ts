/**
 * Published checkpoints against the answers of their published code: `llmc verify` on every target, every output within
 * its derived tolerance and every greedy token equal. Runs `dist/llmc.mjs`, which `npm test` makes before.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);

interface Row {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

const OUTPUTS = [
  "extend", "greedy", "out.hidden.0", "out.hidden.1", "out.hidden.2", "out.hidden.3", "out.logits", "out.loss",
]; // prettier-ignore

function verify(folder: string, target: string, ...flags: readonly string[]): readonly Row[] {
  const args = ["dist/llmc.mjs", "verify", folder, "--target", target, "--json", ...flags];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", timeout: 170_000 });
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as { readonly outputs: readonly Row[] }).outputs;
}

/** Folders of recorded answers; with the model that they are answers of, where no importer writes it. */
const FOLDERS: readonly (readonly [string, ...string[]])[] = [
  ["gpt2"],
  ["llama"],
  ["llama3-rope"],
  ["gemma2", "--model", "examples/gemma2/gemma2.llm"],
  ["mixtral", "--model", "examples/mixtral/mixtral.llm"],
  ["mamba", "--model", "examples/mamba/mamba.llm"],
];

/** Models of the suite that no example shows, with what their folders hold. */
const LANGUAGE = ["extend", "greedy", "out.hidden.0", "out.hidden.1", "out.hidden.2", "out.hidden.3"];
const OTHERS: readonly (readonly [model: string, outputs: readonly string[], flags: readonly string[]])[] = [
  ["gpt-neox", LANGUAGE, []],
  ["qwen3", LANGUAGE, []],
  ["olmo2", LANGUAGE, []],
  ["phi3", LANGUAGE, []],
  ["bert", ["out.last_hidden"], []],
  ["vit", [], ["--set", "classes=11"]],
];

describe.each(OTHERS)("%s", (model, outputs, flags) => {
  it.for(["cpu-simd", "webgpu-cpu"])("gives the recorded answers for %s", { timeout: 180_000 }, (profile, { skip }) => {
    if (profile === "webgpu-cpu" && !hasAdapter) return skip("no WebGPU adapter on this machine");
    const source = `tests/fixtures/models/${model}.llm`;
    const rows = verify(`tests/fixtures/golden/${model}`, profile.split("-")[0] ?? "", "--profile", profile, "--model", source, ...flags); // prettier-ignore
    expect(rows.filter((row) => !row.ok)).toEqual([]);
    expect(rows.map(({ name }) => name).sort()).toEqual([...outputs, "out.logits", "out.loss"]);
  });
});

describe.each(FOLDERS)("%s", (model, ...flags) => {
  it.for(["js", ...CPU_PROFILES.map(({ name }) => name), "webgpu-cpu", "webgpu-base"])(
    "gives the recorded answers for %s",
    { timeout: 180_000 },
    (profile, { skip }) => {
      const target = profile.split("-")[0] ?? profile;
      if (target === "webgpu" && !hasAdapter) return skip("no WebGPU adapter on this machine");
      const rows = verify(`tests/fixtures/golden/${model}`, target, "--profile", profile, ...flags);
      expect(rows.filter((row) => !row.ok)).toEqual([]);
      expect(rows.map(({ name }) => name).sort()).toEqual(OUTPUTS);
    },
  );
});

it("sees a checkpoint whose answers are another's", () => {
  const rows = verify("tests/fixtures/golden/llama", "js", "--set", "theta=5000");
  expect(rows.filter((row) => !row.ok).map(({ name }) => name)).toContain("out.logits");
});
