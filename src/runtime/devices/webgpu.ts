/** The WebGPU device: the browser's or Dawn's, or one that the caller injects (and keeps). */
import type { ProgramManifest } from "../../plan/manifest.ts";
import { DeviceError, DeviceLostError } from "../errors.ts";
import type { Device, DeviceInfo, KernelCode, PreparedProgram, Requirements } from "./device.ts";
import { adapterName, deviceDescriptor, isSoftware } from "./webgpu-adapter.ts";
import { WebGpuProgram } from "./webgpu-program.ts";
import type { Health } from "./webgpu-program.ts";

/** A call can fail before the promise of the loss that made it fail is resolved; it is waited for so long. */
const LOSS_MS = 200;

export class WebGpuDevice implements Device, Health {
  readonly info: DeviceInfo;
  readonly lost: Promise<DeviceLostError>;
  readonly compilesLate = true;
  failure: Error | undefined;
  private isClosed = false;
  private readonly onError = (event: GPUUncapturedErrorEvent): void => {
    this.failure ??= new DeviceError(event.error.message);
  };

  private constructor(
    private readonly device: GPUDevice,
    info: GPUAdapterInfo,
    private readonly isOwn: boolean,
  ) {
    this.info = { target: "webgpu", adapter: adapterName(info), isSoftware: isSoftware(info) };
    device.addEventListener("uncapturederror", this.onError);
    this.lost = new Promise((resolve) => {
      void device.lost.then(({ reason, message }) => {
        if (this.isClosed) return;
        const error = new DeviceLostError(`the GPU device was lost (${reason}): ${message} Load the model again.`);
        this.failure = error;
        resolve(error);
      });
    });
  }

  static async request(adapter: GPUAdapter, requires: Requirements): Promise<WebGpuDevice> {
    return new WebGpuDevice(await adapter.requestDevice(deviceDescriptor(requires)), adapter.info, true);
  }

  /** `device` stays the caller's: `close` does not destroy it. */
  static inject(device: GPUDevice): WebGpuDevice {
    return new WebGpuDevice(device, device.adapterInfo, false);
  }

  async causeOf(error: unknown): Promise<unknown> {
    if (this.failure === undefined)
      await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, LOSS_MS))]);
    return this.failure ?? error;
  }

  async prepare(
    program: ProgramManifest,
    code: KernelCode,
    bytesOf: (buffer: number) => number,
  ): Promise<PreparedProgram> {
    try {
      return await WebGpuProgram.create(this.device, program, code, bytesOf, this);
    } catch (error) {
      throw await this.causeOf(error);
    }
  }

  close(): void {
    this.isClosed = true;
    this.device.removeEventListener("uncapturederror", this.onError);
    if (this.isOwn) this.device.destroy();
  }
}
