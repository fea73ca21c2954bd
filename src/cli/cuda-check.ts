/**
 * Compiles the CUDA C++ of a package that was just written, where this machine has NVIDIA's run-time compiler: a text
 * that its user's `nvcc` would refuse is then found here. The package does not depend on it: CMake compiles it anyway.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CudaCompilerError, openCudaCompiler } from "./cuda-compiler.ts";
import type { CudaCompiler } from "./cuda-compiler.ts";

/** Where `scripts/fetch-cuda.mjs` puts the compiler in a checkout, seen from `dist/`. */
const FETCHED = "../node_modules/.cache/llmc/cuda";

/** What became of `text`, the file `name`, in a line; a compiler that finds fault adds its log. */
export async function checkCuda(text: string, name: string): Promise<string> {
  const compiler = await findCompiler();
  if (typeof compiler === "string")
    return `llmc: the CUDA kernels were not compiled here (${compiler}); CMake compiles them, as the package's README.md says`;
  const { ok, log, kernels, seconds } = compiler.compile(text, { arch: "sm_80", name });
  const nvrtc = `NVRTC ${compiler.version}`;
  if (!ok) return `warning: ${nvrtc} refuses ${name}:\n${log.trimEnd()}`;
  if (log !== "") return `warning: ${nvrtc} compiles ${name}, and says:\n${log.trimEnd()}`;
  return `llmc: ${nvrtc} compiled the ${kernels.length} CUDA kernels for sm_80 in ${seconds.toFixed(1)} s without a remark`;
}

/** The compiler of CUDA_HOME or CUDA_PATH, as NVIDIA's tools read them, else of this checkout; or why there is none. */
async function findCompiler(): Promise<CudaCompiler | string> {
  const named = process.env["CUDA_HOME"] || process.env["CUDA_PATH"];
  const folder = named || fileURLToPath(new URL(FETCHED, import.meta.url));
  if (!existsSync(folder)) return named ? `there is no ${named}` : "CUDA_HOME is not set";
  try {
    return await openCudaCompiler(folder);
  } catch (error) {
    if (error instanceof CudaCompilerError) return error.message;
    // Also what the system's loader says of a library of another machine.
    const { code, message } = error as Error & { readonly code?: string };
    return code === "ERR_MODULE_NOT_FOUND" ? "llmc calls NVRTC by koffi: npm install koffi" : message;
  }
}
