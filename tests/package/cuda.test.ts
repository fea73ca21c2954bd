/** A package for the target `cuda`: its files, what it says about itself, and what its JavaScript does without a device. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFiles } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { llmc } from "./command-line.ts";

const EXAMPLE = path.resolve(import.meta.dirname, "../../examples/moby");
const source = { path: "moby.llm", text: readFileSync(path.join(EXAMPLE, "moby.llm"), "utf8") };
const filesFor = (...profiles: Parameters<typeof compile>[1]["profiles"]): ReadonlyMap<string, string> =>
  packageFiles(compile(source, { profiles, entries: ["generate"] }), "moby", "0.0.0");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "llmc-cuda-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, files: ReadonlyMap<string, string>): string {
  for (const [file, text] of files) {
    mkdirSync(path.dirname(path.join(folder, name, file)), { recursive: true });
    writeFileSync(path.join(folder, name, file), text);
  }
  return path.join(folder, name);
}

describe("a package for cuda", () => {
  it("holds the kernels, the plan and the driver, and nothing that JavaScript would load for it", () => {
    const names = [...filesFor(cudaSm80).keys()];
    expect(names).toEqual(expect.arrayContaining(["CMakeLists.txt", "cuda/kernels.cu", "cuda/plan.cu", "cuda/main.cu", "cuda/safetensors.h"])); // prettier-ignore
    expect(names.filter((name) => /^(kernels|profiles)\//.test(name))).toEqual([]);
  });

  it("is the same bytes for the same input", () => {
    expect([...filesFor(cudaSm80)]).toEqual([...filesFor(cudaSm80)]);
  });

  it("holds every file that its sources include, and is packed with all of them", () => {
    const files = filesFor(cudaSm80);
    const sources = [...files].filter(([name]) => name.startsWith("cuda/"));
    for (const [, text] of sources)
      for (const [, included] of text.matchAll(/^#include "(.*)"/gm))
        expect([...files.keys()]).toContain(`cuda/${included}`);
    const { files: packed } = JSON.parse(files.get("package.json") ?? "") as { files: string[] };
    expect(packed).toEqual(expect.arrayContaining(["CMakeLists.txt", "cuda"]));
    expect(packed).not.toContain("profiles");
  });

  it("builds a program of the package's name", () => {
    const text = filesFor(cudaSm80).get("CMakeLists.txt");
    expect(text).toContain("project(moby LANGUAGES CXX CUDA)");
    expect(text).toContain("OUTPUT_NAME moby");
    expect(filesFor(cudaSm80).get("README.md")).toContain("    build/moby --tokens 1,2,3\n");
  });

  it("launches every kernel of its unit with the parameters that it has", () => {
    const files = filesFor(cudaSm80);
    const kernels = [
      ...(files.get("cuda/kernels.cu") ?? "").matchAll(/__launch_bounds__\(\d+, 1\)\n(\w+)\(\n([^)]*)\n\)/g),
    ];
    const launches = [...(files.get("cuda/plan.cu") ?? "").matchAll(/on\.launch\(::(\w+), \{.*?\}, \{.*?\}, (.*)\);/g)];
    const parameters = new Map(kernels.map(([, name, list = ""]) => [name, list.split("\n").length]));
    expect(new Set(launches.map(([, name]) => name))).toEqual(new Set(parameters.keys()));
    for (const [, name, list = ""] of launches)
      expect(list.replace(/\([^)]*\)/g, "").split(", ").length).toBe(parameters.get(name));
  });

  it("says in JavaScript why it cannot be loaded there", () => {
    const package_ = write("only", filesFor(cudaSm80));
    const module = `import { load, UnsupportedAdapterError } from "./index.js";
await load().catch((error) => console.log(error instanceof UnsupportedAdapterError, error.message));`;
    const stdout = execFileSync(process.execPath, ["--input-type=module", "-e", module], {
      cwd: package_,
      encoding: "utf8",
    });
    expect(stdout).toMatch(/^true no profile of this package fits this machine:\n.*cuda-sm80: the target cuda does not run in JavaScript/); // prettier-ignore
  });

  it("offers the other targets of the package to JavaScript, and only those", () => {
    const files = filesFor(cpuSimd, cudaSm80);
    expect(files.get("index.d.ts")).toContain('export type Target = "cpu";');
    expect(files.has("profiles/cpu-simd.js")).toBe(true);
    expect(filesFor(cudaSm80).get("index.d.ts")).toContain("export type Target = never;");
    expect(filesFor(cpuSimd).has("CMakeLists.txt")).toBe(false);
    const { files: packed } = JSON.parse(files.get("package.json") ?? "") as { files: string[] };
    expect(packed).toEqual(expect.arrayContaining(["profiles", "kernels", "cuda"]));
    expect(JSON.parse(filesFor(cpuSimd).get("package.json") ?? "")).not.toMatchObject({ files: expect.arrayContaining(["cuda"]) }); // prettier-ignore
  });

  it("is written by the command line, which says in one line that nothing was compiled", () => {
    const out = path.join(folder, "built");
    const build = (target: string) =>
      llmc(["build", EXAMPLE, "--target", target, "--out", out], { env: { CUDA_HOME: path.join(folder, "nowhere") } });
    const { exitCode, stdout, stderr } = build("cpu,cuda");
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("cuda-sm80")]);
    expect(stderr).toMatch(/^llmc: the CUDA kernels were not compiled here \(there is no .*nowhere\); CMake.*\n$/);
    expect(readFileSync(path.join(out, "cuda/plan.cu"), "utf8")).toContain("Type::f16");
    expect(build("cpu").stderr).toBe("");
  });

  it("is written where the toolkit has no compiler", () => {
    const CUDA_HOME = path.join(folder, "toolkit");
    mkdirSync(path.join(CUDA_HOME, "lib64"), { recursive: true });
    const options = ["build", EXAMPLE, "--target", "cuda", "--out", path.join(folder, "built")];
    const { exitCode, stderr } = llmc(options, { env: { CUDA_HOME } });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^llmc: the CUDA kernels were not compiled here \(.*lib64 has no file that matches.*\n$/);
  });
});
