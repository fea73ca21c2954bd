/** What an executor needs of a device: buffers, prepared launches, and a way to read a few bytes back. */
import type { ManifestRange, ProgramManifest } from "../../plan/manifest.ts";
import type { DeviceLostError } from "../errors.ts";

/** The actual sizes of a call: `B`, `T`, `S`. */
export type Sizes = Readonly<Record<string, number>>;

export interface DeviceInfo {
  readonly target: string;
  /** What the driver calls itself. */
  readonly adapter: string;
  /** The adapter computes on the CPU. */
  readonly isSoftware: boolean;
}

/** What a profile asks of a device; limits by the names of `TargetInfo`. */
export interface Requirements {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** A kernel's code: text for a shader compiler, or a function. */
export type KernelCode = Readonly<Record<string, unknown>>;

export interface Device {
  readonly info: DeviceInfo;
  /** Resolves when the device is lost, not when it is closed. */
  readonly lost: Promise<DeviceLostError>;
  /** Drivers may compile a kernel when it is launched first: a run before the first call is worth its time. */
  readonly compilesLate: boolean;
  /** Makes all buffers, pipelines and bind groups. `bytesOf` gives the size of each buffer, in bytes. */
  prepare(program: ProgramManifest, code: KernelCode, bytesOf: (buffer: number) => number): Promise<PreparedProgram>;
  close(): void;
}

/** A program on a device. Nothing is created after `prepare` but command encoders. */
export interface PreparedProgram {
  /** Fills a buffer; ordered with `begin`...`submit`. */
  write(buffer: number, offset: number, bytes: Uint8Array): void;
  begin(sizes: Sizes): Recording;
  close(): void;
}

export interface Recording {
  /** Step `step` of plan `plan` with this many workgroups. */
  launch(plan: number, step: number, groups: readonly [number, number, number]): void;
  /** Runs what was recorded; answers the bytes of `read` as they are after it. Does not wait unless awaited. */
  submit(read?: ManifestRange): Promise<Uint8Array>;
}
