/**
 * A model that has lost its device is built again on another one, and what it was doing is repeated there. A device
 * that is lost again and again is given up: a third loss within a minute is the caller's to see.
 */
import type { Device } from "./devices/device.ts";
import { DeviceLostError } from "./errors.ts";
import type { Executor } from "./executor.ts";

/** The program of a model on a device, with its weights. */
export interface Built {
  readonly device: Device;
  readonly executor: Executor;
}

export type Build = (signal?: AbortSignal) => Promise<Built>;

/** So many times a model is built again within `WITHIN_MS`. */
const MOST = 2;
const WITHIN_MS = 60_000;

export class Recovery {
  /** Resolves when the model is given up; later calls throw the same error. */
  readonly lost: Promise<DeviceLostError>;
  private end: DeviceLostError | undefined;
  private resolveLost: (error: DeviceLostError) => void = () => {};
  /** When the model was built again. */
  private readonly times: number[] = [];

  /** Without `build` nothing is repeated. */
  constructor(
    private readonly build: Build | undefined,
    /** Of the first device. */
    lost: Promise<DeviceLostError>,
  ) {
    this.lost = build === undefined ? lost : new Promise((resolve) => (this.resolveLost = resolve));
  }

  /**
   * The model on another device, if `error` is the loss of its own; else throws `error`. Throws a `DeviceLostError` too
   * where the model is given up, and the reason of `signal` where that aborts.
   */
  async after(error: unknown, signal?: AbortSignal): Promise<Built> {
    if (!(error instanceof DeviceLostError) || this.build === undefined) throw error;
    if (this.end !== undefined) throw this.end;
    let loss = error;
    for (;;) {
      const now = performance.now();
      while (now - (this.times[0] ?? now) > WITHIN_MS) this.times.shift();
      if (this.times.length === MOST) throw this.ended(`for the third time within a minute ${loss.message}`, loss);
      this.times.push(now);
      try {
        return await this.build(signal);
      } catch (failure) {
        signal?.throwIfAborted();
        if (!(failure instanceof DeviceLostError))
          throw this.ended(`${loss.message} (Another device could not take over: ${String(failure)})`, failure);
        loss = failure;
      }
    }
  }

  private ended(message: string, cause: unknown): DeviceLostError {
    this.end = new DeviceLostError(message, { cause });
    this.resolveLost(this.end);
    return this.end;
  }
}
