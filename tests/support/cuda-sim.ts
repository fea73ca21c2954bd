/**
 * Runs CUDA C++ on the CPU, without a GPU: `compileSim` compiles a text of kernels once, `launch` runs one launch of one
 * kernel in a process that stays, and answers the buffers and what the launch asked of memory. The first error of a
 * launch (a race, an access out of bounds, a barrier that is not reached, ...) is thrown as a SimError with its source
 * line. What is simulated and what is not stands in tests/device/sim/README.md.
 */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { compileProgram, kernelsOf } from "./cuda-toolchain.ts";
import { FrameReader, FrameWriter } from "./frames.ts";

export { compileProgram, kernelsOf, runtimeWarnings, simProblem } from "./cuda-toolchain.ts";

export type Extents = readonly [x: number, y: number, z: number];

export interface SimBuffer {
  readonly bytes: Uint8Array;
  readonly access: "read" | "read_write";
  /** False: only the length of `bytes` counts, and reading what no thread has written is an error. */
  readonly isFilled: boolean;
}

export interface SimScalar {
  readonly type: "i32" | "u32" | "f32";
  readonly value: number;
}

/** The order in which the blocks of a launch run; a number seeds a random one. */
export type BlockOrder = "forward" | "backward" | number;

export interface SimLaunch {
  readonly kernel: string;
  readonly grid: Extents;
  readonly block: Extents;
  /** The leading pointer parameters, in order; the scalars follow them. */
  readonly buffers: readonly SimBuffer[];
  readonly scalars: readonly SimScalar[];
  /** "forward" where it is not given. */
  readonly order?: BlockOrder;
  /** Milliseconds of processor time; 20,000 where it is not given. */
  readonly timeoutMs?: number;
}

/** What a launch asked of memory. A request is one instruction of one warp. */
export interface SimTraffic {
  /** Bytes of global memory that all threads together asked for. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** 32-byte sectors that requests touched, and the fewest that could hold the different bytes they asked for. */
  readonly readSectors: number;
  readonly leastReadSectors: number;
  readonly writtenSectors: number;
  readonly leastWrittenSectors: number;
  readonly sharedRequests: number;
  /** How often the busiest bank is asked in one request to shared memory (1: no conflict); 0 without requests. */
  readonly worstBankWays: number;
  readonly meanBankWays: number;
}

export interface SimResult {
  /** The bytes of each buffer afterwards; those of a "read" buffer are the caller's. */
  readonly buffers: readonly Uint8Array[];
  /** Bytes of each buffer that neither the caller nor a thread has written. */
  readonly unwritten: readonly number[];
  readonly traffic: SimTraffic;
}

export type SimErrorKind =
  | "out_of_bounds"
  | "use_after_free"
  | "misaligned"
  | "read_only"
  | "uninitialised"
  | "race"
  | "barrier"
  | "shuffle"
  | "launch"
  | "timeout"
  | "crash";

export interface SimErrorPlace {
  readonly kernel: string;
  readonly block: Extents | undefined;
  readonly thread: Extents | undefined;
  /** Of the text, from 1; undefined where no line is to blame. */
  readonly line: number | undefined;
}

export class SimError extends Error {
  override readonly name = "SimError";
  constructor(
    readonly kind: SimErrorKind,
    readonly place: SimErrorPlace,
    readonly reason: string,
  ) {
    const { kernel, block, thread, line } = place;
    const who = thread === undefined ? "" : `, block (${block?.join(",")}), thread (${thread.join(",")})`;
    super(`${kind}: kernel ${kernel}${who}${line === undefined ? "" : `, line ${line}`}: ${reason}`);
  }
  get line(): number | undefined {
    return this.place.line;
  }
}

export interface Sim {
  /** Kernels of the text, in its order. */
  readonly kernels: readonly string[];
  /** One launch; launches of one Sim run one after the other. Throws a SimError. */
  launch(launch: SimLaunch): Promise<SimResult>;
  /** Ends the process and removes the executable. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 20_000;
const SCALARS = { i32: 0, u32: 1, f32: 2 } as const;
const FILE = "kernels.cu";

/** Compiles the text; throws where g++ refuses it or where it lacks one of the kernels. */
export async function compileSim(sourceText: string, kernelNames: readonly string[]): Promise<Sim> {
  const kernels = kernelsOf(sourceText).map(({ name }) => name);
  const missing = kernelNames.filter((name) => !kernels.includes(name));
  if (missing.length > 0) throw new Error(`the text has no kernel ${missing.join(", ")}; it has ${kernels.join(", ")}`);
  const folder = mkdtempSync(path.join(os.tmpdir(), "cuda-sim-run-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const executable = path.join(folder, "sim");
  try {
    await compileProgram({ [FILE]: sourceText }, executable, { hasServer: true });
  } catch (error) {
    remove();
    throw error;
  }
  const server = new Server(executable);
  let last: Promise<unknown> = Promise.resolve();
  return {
    kernels,
    launch(launch) {
      const result = last.then(() => run(server, launch));
      last = result.catch(() => undefined);
      return result;
    },
    close() {
      server.stop();
      remove();
      process.removeListener("exit", remove);
    },
  };
}

async function run(server: Server, launch: SimLaunch): Promise<SimResult> {
  const timeoutMs = launch.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  // The process ends a launch by itself; this is for a machine so loaded that its processor time does not come.
  const reader = await server.ask(encode(launch, timeoutMs), 10 * timeoutMs + 10_000, launch.kernel);
  return reader.word() === 0 ? decodeResult(reader, launch) : decodeError(reader);
}

function encode(launch: SimLaunch, timeoutMs: number): Uint8Array {
  const writer = new FrameWriter();
  writer.text(launch.kernel);
  for (const extent of [...launch.grid, ...launch.block]) writer.word(extent);
  const order = launch.order ?? "forward";
  writer.word(typeof order === "number" ? 2 : order === "backward" ? 1 : 0);
  writer.word(typeof order === "number" ? order : 0);
  writer.word(timeoutMs);
  writer.word(launch.buffers.length);
  for (const { bytes, access, isFilled } of launch.buffers) {
    writer.word(bytes.byteLength);
    writer.word((access === "read_write" ? 1 : 0) | (isFilled ? 2 : 0));
    if (isFilled) writer.bytes(bytes);
  }
  writer.word(launch.scalars.length);
  for (const { type, value } of launch.scalars) {
    writer.word(SCALARS[type]);
    if (type === "f32") writer.float(value);
    else writer.word(value);
  }
  return writer.frame();
}

function decodeResult(reader: FrameReader, { buffers }: SimLaunch): SimResult {
  const written = buffers.map(({ bytes, access }) =>
    access === "read" ? { unwritten: 0, bytes } : { unwritten: reader.word(), bytes: reader.bytes(bytes.byteLength) },
  );
  const traffic = {
    readBytes: reader.f64(),
    writtenBytes: reader.f64(),
    readSectors: reader.f64(),
    leastReadSectors: reader.f64(),
    writtenSectors: reader.f64(),
    leastWrittenSectors: reader.f64(),
    sharedRequests: reader.f64(),
  };
  const bankWays = reader.f64();
  const worstBankWays = reader.f64();
  const meanBankWays = bankWays / Math.max(1, traffic.sharedRequests);
  return {
    buffers: written.map(({ bytes }) => bytes),
    unwritten: written.map(({ unwritten }) => unwritten),
    traffic: { ...traffic, worstBankWays, meanBankWays },
  };
}

function decodeError(reader: FrameReader): never {
  const kind = reader.text() as SimErrorKind;
  const reason = reader.text();
  const kernel = reader.text();
  const line = reader.word();
  const hasThread = reader.word() !== 0;
  const [block, thread] = [reader.extents(), reader.extents()];
  throw new SimError(
    kind,
    {
      kernel,
      block: hasThread ? block : undefined,
      thread: hasThread ? thread : undefined,
      line: line === 0 ? undefined : line,
    },
    reason,
  );
}

/** The process: started at the first question, and again after one that it did not survive. */
class Server {
  readonly #executable: string;
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;

  constructor(executable: string) {
    this.#executable = executable;
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  /** One frame there and one back. Nothing else is under way meanwhile. */
  ask(frame: Uint8Array, timeoutMs: number, kernel: string): Promise<FrameReader> {
    const child = (this.#child ??= start(this.#executable));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let received = 0;
      const finish = (): void => {
        clearTimeout(timer);
        child.stdout.off("data", onData);
        child.off("close", onClose);
        setKeptAlive(child, false);
      };
      const fail = (kind: SimErrorKind, reason: string): void => {
        finish();
        this.stop();
        reject(new SimError(kind, { kernel, block: undefined, thread: undefined, line: undefined }, reason));
      };
      const onClose = (code: number | null, signal: string | null): void =>
        fail("crash", `the simulator has ended with ${signal ?? `exit code ${code}`}`);
      const onData = (chunk: Buffer): void => {
        chunks.push(chunk);
        received += chunk.byteLength;
        if (received < 4) return;
        if ((chunks[0]?.byteLength ?? 0) < 4) chunks.splice(0, chunks.length, Buffer.concat(chunks));
        const first = chunks[0];
        if (first === undefined || received < 4 + first.readUInt32LE(0)) return;
        finish();
        resolve(new FrameReader(Buffer.concat(chunks)));
      };
      const timer = setTimeout(() => fail("timeout", "the simulator does not answer"), timeoutMs);
      setKeptAlive(child, true);
      child.stdout.on("data", onData);
      child.on("close", onClose);
      child.stdin.write(frame);
    });
  }
}

function start(executable: string): ChildProcessByStdio<Writable, Readable, null> {
  const child = spawn(executable, [], { stdio: ["pipe", "pipe", "inherit"] });
  // Who asks hears of a process that has ended by its "close".
  child.stdin.on("error", () => undefined);
  return child;
}

/** A process that waits for the next launch must not keep the test's process from ending. */
function setKeptAlive(child: ChildProcessByStdio<Writable, Readable, null>, isKept: boolean): void {
  for (const handle of [child, child.stdin, child.stdout] as unknown as readonly { ref?(): void; unref?(): void }[]) {
    if (isKept) handle.ref?.();
    else handle.unref?.();
  }
}
