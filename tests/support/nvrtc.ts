/**
 * NVIDIA's compiler for tests: fetched where this machine lacks it, opened once a process. And NVIDIA's own readers of
 * what it made, to compare with ours: the resources of each kernel, and its instructions.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fetchCuda } from "../../scripts/fetch-cuda.mjs";
import { openCudaCompiler } from "../../src/cli/cuda-compiler.ts";
import type { CudaArch, CudaCompiler, CudaResult } from "../../src/cli/cuda-compiler.ts";

export interface CudaTools extends CudaCompiler {
  /** Where it was fetched to. */
  readonly folder: string;
  /** Registers, stack, shared memory, constants of each kernel as cuobjdump prints them. */
  resources(cubin: Uint8Array): ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** The instructions of all kernels, as nvdisasm prints them. */
  instructions(cubin: Uint8Array): string;
}

let opening: Promise<CudaTools | string> | undefined;

/** The tools, or the reason for a test's `skip`. */
export function cudaTools(): Promise<CudaTools | string> {
  return (opening ??= openTools());
}

async function openTools(): Promise<CudaTools | string> {
  const { folder, problem } = await fetchCuda();
  if (problem !== undefined) return `no NVRTC on this machine: ${problem}`;
  return {
    ...(await openCudaCompiler(folder)),
    folder,
    resources: (cubin) => parseResources(read(path.join(folder, "bin/cuobjdump"), ["-res-usage"], cubin)),
    instructions: (cubin) => read(path.join(folder, "bin/nvdisasm"), ["-c"], cubin),
  };
}

/** Compiles one text; throws where this machine has no compiler. Tests that may be skipped ask `cudaTools` first. */
export async function compileCuda(
  text: string,
  options: { readonly arch: CudaArch; readonly name?: string },
): Promise<CudaResult> {
  const tools = await cudaTools();
  if (typeof tools === "string") throw new Error(tools);
  return tools.compile(text, options);
}

function read(tool: string, options: readonly string[], cubin: Uint8Array): string {
  const folder = mkdtempSync(path.join(tmpdir(), "llmc-cubin-"));
  try {
    const file = path.join(folder, "kernels.cubin");
    writeFileSync(file, cubin);
    return execFileSync(tool, [...options, file], { encoding: "utf8", maxBuffer: 1 << 28 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** ` Function NAME:` and then `  REG:12 STACK:0 SHARED:1024 ... CONSTANT[0]:372 ...`. */
function parseResources(text: string): ReadonlyMap<string, Readonly<Record<string, number>>> {
  const found = [...text.matchAll(/Function (\S+):\s+(REG:.*)/g)];
  return new Map(
    found.map(([, name = "", list = ""]) => [
      name,
      Object.fromEntries([...list.matchAll(/(\S+):(\d+)/g)].map(([, key = "", value]) => [key, Number(value)])),
    ]),
  );
}
