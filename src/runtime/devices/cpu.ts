/**
 * The CPU device: one WebAssembly module of all kernels of a program (`codegen/wasm` says how they are called) over one
 * memory, run at once on the calling thread and its helpers.
 */
import type { ProgramManifest } from "../../plan/manifest.ts";
import { DeviceError } from "../errors.ts";
import { CpuProgram } from "./cpu-program.ts";
import type { Device, DeviceInfo, KernelCode, PreparedProgram } from "./device.ts";

/** The name of the module among the code of a profile: base64 of its bytes, or the bytes. */
export const MODULE = "wasm";

/** A launch that touches fewer bytes, every row of the grid all of them, is over before other threads are awake. */
const SPLIT_BYTES = 128 * 1024;

export class CpuDevice implements Device {
  readonly info: DeviceInfo;
  /** Never: there is nothing to lose. */
  readonly lost = new Promise<never>(() => {});
  readonly compilesLate = false;

  /**
   * Runs on so many threads, the caller's among them; more than one need memory that can be shared. Launches that touch
   * fewer than `splitBytes` bytes stay on the caller's thread.
   */
  constructor(
    private readonly threads = 1,
    private readonly splitBytes = SPLIT_BYTES,
  ) {
    const adapter = `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
    this.info = { target: "cpu", adapter, isSoftware: true };
  }

  async prepare(
    program: ProgramManifest,
    code: KernelCode,
    bytesOf: (buffer: number) => number,
  ): Promise<PreparedProgram> {
    const bytes = moduleBytes(code[MODULE]);
    if (this.threads > 1) shareMemory(bytes);
    const module = await WebAssembly.compile(bytes).catch((error: unknown) => {
      throw new DeviceError(`this engine refuses the package's WebAssembly: ${String(error)}`, { cause: error });
    });
    return CpuProgram.create(program, module, bytesOf, this.threads, this.splitBytes);
  }

  close(): void {}
}

function moduleBytes(code: unknown): Uint8Array<ArrayBuffer> {
  if (code instanceof Uint8Array) return Uint8Array.from(code);
  if (typeof code !== "string") throw new DeviceError("the package has no WebAssembly module");
  return Uint8Array.from(atob(code), (character) => character.charCodeAt(0));
}

const IMPORT_SECTION = 2;
/** Bytes of the import section before the flags of its first import: count, "env", "memory", the kind. */
const BEFORE_FLAGS = 13;
const SHARED_WITH_MAXIMUM = 3;

/** Makes a module of `codegen/wasm`, whose first import is its memory, take a shared one. */
function shareMemory(bytes: Uint8Array): void {
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++] ?? 0;
      size |= (byte & 0x7f) << shift;
      more = byte >= 0x80;
    }
    if (id === IMPORT_SECTION) {
      bytes[at + BEFORE_FLAGS] = SHARED_WITH_MAXIMUM;
      return;
    }
    at += size;
  }
  throw new DeviceError("the package's WebAssembly imports no memory");
}

/** Why this engine cannot run a profile of the target; undefined where it can. */
export function cpuProblem(features: readonly string[] = []): string | undefined {
  if (typeof WebAssembly === "undefined") return "this engine has no WebAssembly";
  if (!WebAssembly.validate(moduleWith(SPLAT))) return "this engine's WebAssembly has no SIMD";
  const missing = features.find((feature) => feature !== "relaxed-simd" || !WebAssembly.validate(moduleWith(MADD)));
  return missing === undefined ? undefined : `this engine's WebAssembly has no ${missing}`;
}

/** `i32.const 0, i8x16.splat`. */
const SPLAT = [0x41, 0, 0xfd, 0x0f] as const;
/** Three times that, then `f32x4.relaxed_madd`. */
const MADD = [...SPLAT, ...SPLAT, ...SPLAT, 0xfd, 0x85, 0x02] as const;

/** A module with a function that makes a vector and drops it. */
function moduleWith(code: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...code, 0x1a, 0x0b];
  const head = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0];
  return Uint8Array.of(...head, 10, body.length + 2, 1, body.length, ...body);
}
