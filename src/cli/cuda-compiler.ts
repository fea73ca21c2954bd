/**
 * Compiles CUDA C++ with NVIDIA's run-time compiler (NVRTC) to a cubin, and says what each kernel takes of the machine.
 * It needs no GPU and no driver.
 *
 * NVRTC is called in this process, by koffi: 5 ms to open the library, then 20 ms for an elementwise kernel, 60 ms for a
 * tiled product; both headers of halves add 15 ms. A child per text would add its start and the library's, and Python,
 * which only tests may ask for; koffi's prebuilt binaries need no compiler, and Node 20, 22 and 24 run the tests of this.
 * Calls are synchronous because NVRTC takes one program after the other: two at once took as long as one by one.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { defined } from "../support/errors.ts";
import { readCubin } from "./cuda-cubin.ts";
import type { CubinKernel } from "./cuda-cubin.ts";
import { parseCompilerLog } from "./cuda-log.ts";
import type { KernelFigures } from "./cuda-log.ts";

/** A cubin for sm_80 runs on Ampere and Ada (8.x), one for sm_90a on Hopper alone, with its own matrix instructions. */
export type CudaArch = "sm_80" | "sm_90a";

export type CudaKernel = CubinKernel & KernelFigures;

export interface CudaResult {
  readonly ok: boolean;
  readonly arch: CudaArch;
  /** Every error, warning and remark of compiler and assembler; empty where the text is clean. A spill is a warning. */
  readonly log: string;
  /** The lines in which the assembler states the figures of each kernel. */
  readonly figures: string;
  readonly seconds: number;
  /** Empty where the text does not compile. */
  readonly kernels: readonly CudaKernel[];
  readonly cubin: Uint8Array;
}

export interface CudaCompiler {
  /** `major.minor` of NVRTC. */
  readonly version: string;
  /** `name` is the file name in messages. */
  compile(text: string, options: { readonly arch: CudaArch; readonly name?: string }): CudaResult;
}

/** NVRTC cannot work on this machine; the text is not at fault. */
export class CudaCompilerError extends Error {
  override readonly name = "CudaCompilerError";
}

/** The handle of a program, or where a function leaves one number. */
type Handle = bigint;
type Out<T> = [T | null];

interface Nvrtc {
  readonly version: (major: Out<number>, minor: Out<number>) => number;
  readonly describe: (code: number) => string;
  readonly create: (program: Out<Handle>, text: string, name: string, count: 0, headers: null, names: null) => number;
  readonly destroy: (program: [Handle]) => number;
  readonly compile: (program: Handle, count: number, options: readonly string[]) => number;
  readonly logSize: (program: Handle, size: Out<number>) => number;
  readonly log: (program: Handle, bytes: Uint8Array) => number;
  readonly cubinSize: (program: Handle, size: Out<number>) => number;
  readonly cubin: (program: Handle, bytes: Uint8Array) => number;
}

const COMPILATION_FAILED = 6;

/**
 * Opens the compiler of a folder with `lib/` (or `lib64/`) and `include/`: a CUDA toolkit, or what
 * `scripts/fetch-cuda.mjs` makes.
 *
 * @throws CudaCompilerError if the folder has no NVRTC
 */
export async function openCudaCompiler(folder: string): Promise<CudaCompiler> {
  const nvrtc = await loadNvrtc(path.join(folder, existsSync(path.join(folder, "lib64")) ? "lib64" : "lib"));
  const includes = ["include", "include/cccl"]
    .map((name) => path.join(folder, name))
    .filter((name) => existsSync(name));
  const check = (code: number, what: string, log = "") => {
    if (code !== 0) throw new CudaCompilerError(`NVRTC: ${what}: ${nvrtc.describe(code)}${log && `\n${log}`}`);
  };
  const [major, minor]: [Out<number>, Out<number>] = [[null], [null]];
  check(nvrtc.version(major, minor), "its version");

  function compile(text: string, { arch, name = "kernel.cu" }: Parameters<CudaCompiler["compile"]>[1]): CudaResult {
    const started = performance.now();
    const handle: Out<Handle> = [null];
    check(nvrtc.create(handle, text, name, 0, null, null), "a new program");
    const program = defined(handle[0], "NVRTC gave no program");
    try {
      const options = optionsFor(arch, includes);
      const code = nvrtc.compile(program, options.length, options);
      const logBytes = readBytes(program, nvrtc.logSize, nvrtc.log, (status) => check(status, "the log"));
      // A C string, sometimes with more than one NUL at its end.
      const log = parseCompilerLog(new TextDecoder().decode(logBytes).replace(/\0+$/, ""));
      if (code !== COMPILATION_FAILED) check(code, `compiling ${name} for ${arch}`, log.messages);
      const ok = code === 0;
      const cubin = ok
        ? readBytes(program, nvrtc.cubinSize, nvrtc.cubin, (status) => check(status, "the cubin"))
        : new Uint8Array();
      const kernels = (ok ? readCubin(cubin) : []).map((kernel) => ({
        ...kernel,
        ...defined(log.kernels.get(kernel.name), `ptxas printed no figures of ${kernel.name}`),
      }));
      const seconds = (performance.now() - started) / 1000;
      return { ok, arch, log: log.messages, figures: log.figures, seconds, kernels, cubin };
    } finally {
      nvrtc.destroy([program]);
    }
  }
  return { version: `${major[0]}.${minor[0]}`, compile };
}

/**
 * Everything that finds fault is on, but `--warn-on-double-precision-use` and `--warn-on-local-memory-usage`: NVIDIA's
 * own sinf and cosf reduce large angles in f64, in local memory. The kernels' `localBytes` tell of the latter.
 */
function optionsFor(arch: CudaArch, includes: readonly string[]): readonly string[] {
  const ptxas = ["-v", "--warn-on-spills"].map((option) => `--ptxas-options=${option}`);
  return ["-std=c++17", `-arch=${arch}`, ...ptxas, ...includes.map((folder) => `-I${folder}`)];
}

function readBytes(
  program: Handle,
  sizeOf: (program: Handle, size: Out<number>) => number,
  read: (program: Handle, bytes: Uint8Array) => number,
  check: (code: number) => void,
): Uint8Array {
  const size: Out<number> = [null];
  check(sizeOf(program, size));
  const bytes = new Uint8Array(Number(size[0]));
  if (bytes.length > 0) check(read(program, bytes));
  return bytes;
}

async function loadNvrtc(folder: string): Promise<Nvrtc> {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const find = (pattern: RegExp) => {
    const file = files.find((name) => pattern.test(name));
    if (file === undefined) throw new CudaCompilerError(`${folder} has no file that matches ${pattern.source}`);
    return path.join(folder, file);
  };
  // Only who compiles CUDA needs koffi, so it is not loaded before.
  const { default: koffi } = await import("koffi");
  // NVRTC opens its built-ins by their bare name, which the loader finds among the libraries that are open already.
  koffi.load(find(/^libnvrtc-builtins\.so\.\d/));
  const library = koffi.load(find(/^libnvrtc\.so\.\d/));
  return {
    version: library.func("int nvrtcVersion(_Out_ int *major, _Out_ int *minor)"),
    describe: library.func("const char *nvrtcGetErrorString(int code)"),
    create: library.func("int nvrtcCreateProgram(_Out_ void **program, const char *text, const char *name, int count, const void *headers, const void *names)"), // prettier-ignore
    destroy: library.func("int nvrtcDestroyProgram(void **program)"),
    compile: library.func("int nvrtcCompileProgram(void *program, int count, const char **options)"),
    logSize: library.func("int nvrtcGetProgramLogSize(void *program, _Out_ size_t *size)"),
    log: library.func("int nvrtcGetProgramLog(void *program, _Out_ uint8_t *bytes)"),
    cubinSize: library.func("int nvrtcGetCUBINSize(void *program, _Out_ size_t *size)"),
    cubin: library.func("int nvrtcGetCUBIN(void *program, _Out_ uint8_t *bytes)"),
  };
}
