/**
 * A `GPUDevice` whose dispatches are timed by the adapter: each becomes a compute pass of its own, with a timestamp in
 * front of it and one behind it.
 */
import type { ProfileEntry } from "../../runtime/devices/open.ts";
import { UnsupportedAdapterError } from "../../runtime/errors.ts";
import { createDawn, deviceDescriptor, unmet } from "../../runtime/devices/webgpu-adapter.ts";
import { defined } from "../../support/errors.ts";
import { addLaunch } from "./timed-device.ts";
import type { DeviceClock, KernelTime } from "./timed-device.ts";

/** Chromium's and Dawn's own clocks are rounded to 100 us, against attacks that a command line need not fear. */
const DAWN_OPTIONS = ["disable-dawn-features=timestamp_quantization"];
const FEATURE = "timestamp-query";
/** Two queries a dispatch, 4,096 queries a set. */
const DISPATCHES_OF_SET = 2048;
const QUERY_BYTES = 8;

/** Dawn's object must stay referenced while a device of it is in use. */
let dawn: GPU | undefined;

interface Batch {
  readonly owners: readonly (KernelTime | undefined)[];
  readonly times: GPUBuffer;
}

export class GpuClock implements DeviceClock {
  next: KernelTime | undefined;
  /** What `loadModel` takes for its device. */
  readonly device: GPUDevice;
  private batches: Batch[] = [];

  private constructor(private readonly own: GPUDevice) {
    this.device = intercept(own, {
      createCommandEncoder: () => this.encoder(own.createCommandEncoder()),
    });
  }

  /** For the first of `profiles` that the adapter can run; undefined where there is none, or it has no clock. */
  static async open(profiles: readonly ProfileEntry[]): Promise<GpuClock | undefined> {
    dawn ??= await createDawn(DAWN_OPTIONS).catch((error: unknown) => {
      if (error instanceof UnsupportedAdapterError) return undefined;
      throw error;
    });
    if (dawn === undefined) return undefined;
    const adapter = await dawn.requestAdapter({ powerPreference: "high-performance" });
    const profile = profiles.find(({ requires }) => adapter !== null && unmet(adapter, requires) === undefined);
    if (adapter === null || profile === undefined || !adapter.features.has(FEATURE)) return undefined;
    const { requiredFeatures = [], ...descriptor } = deviceDescriptor(profile.requires);
    return new GpuClock(
      await adapter.requestDevice({ ...descriptor, requiredFeatures: [...requiredFeatures, FEATURE] }),
    );
  }

  private encoder(encoder: GPUCommandEncoder): GPUCommandEncoder {
    const owners: (KernelTime | undefined)[] = [];
    const sets: GPUQuerySet[] = [];
    return intercept(encoder, {
      beginComputePass: () => this.pass(encoder, owners, sets),
      finish: () => {
        if (owners.length > 0) this.batches.push({ owners, times: this.resolve(encoder, owners.length, sets) });
        return encoder.finish();
      },
    });
  }

  /** What a pass is told is told to the pass of the next dispatch. */
  private pass(
    encoder: GPUCommandEncoder,
    owners: (KernelTime | undefined)[],
    sets: GPUQuerySet[],
  ): Partial<GPUComputePassEncoder> {
    let pipeline: GPUComputePipeline | undefined;
    let group: GPUBindGroup | undefined;
    return {
      setPipeline: (given: GPUComputePipeline): undefined => void (pipeline = given),
      setBindGroup: (_: number, given: GPUBindGroup | null | undefined): undefined => void (group = given ?? undefined),
      dispatchWorkgroups: (x: number, y?: number, z?: number): undefined => {
        const index = owners.push(this.next) - 1;
        const [set, place] = [Math.floor(index / DISPATCHES_OF_SET), index % DISPATCHES_OF_SET];
        const querySet = (sets[set] ??= this.own.createQuerySet({ type: "timestamp", count: 2 * DISPATCHES_OF_SET }));
        const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * place, endOfPassWriteIndex: 2 * place + 1 };
        const pass = encoder.beginComputePass({ timestampWrites });
        pass.setPipeline(defined(pipeline, "a pipeline"));
        pass.setBindGroup(0, defined(group, "a bind group"));
        pass.dispatchWorkgroups(x, y, z);
        pass.end();
        this.next = undefined;
      },
      end: (): undefined => {},
    };
  }

  /** A buffer that will hold the timestamps, pairs of nanoseconds. */
  private resolve(encoder: GPUCommandEncoder, dispatches: number, sets: readonly GPUQuerySet[]): GPUBuffer {
    const bytesOfSet = 2 * DISPATCHES_OF_SET * QUERY_BYTES;
    const size = sets.length * bytesOfSet;
    const resolved = this.own.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const times = this.own.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    sets.forEach((set, i) => {
      const count = 2 * Math.min(DISPATCHES_OF_SET, dispatches - i * DISPATCHES_OF_SET);
      encoder.resolveQuerySet(set, 0, count, resolved, i * bytesOfSet);
    });
    encoder.copyBufferToBuffer(resolved, 0, times, 0, size);
    return times;
  }

  /** Adds what all submitted dispatches took to those they were for; those for nobody are forgotten. */
  async settle(): Promise<void> {
    for (const { owners, times } of this.batches.splice(0)) {
      await times.mapAsync(GPUMapMode.READ);
      const nanoseconds = new BigUint64Array(times.getMappedRange());
      owners.forEach((owner, i) => {
        const [from = 0n, to = 0n] = nanoseconds.subarray(2 * i, 2 * i + 2);
        if (owner !== undefined) addLaunch(owner, Number(to - from) / 1e9);
      });
      times.destroy();
    }
  }

  close(): void {
    this.own.destroy();
  }
}

/** `of` with some methods replaced. A device takes nothing but its own objects, and they want to be `this`. */
function intercept<V extends object>(of: V, replaced: Readonly<Record<string, unknown>>): V {
  return new Proxy(of, {
    get: (target, name) => {
      const other = typeof name === "string" ? replaced[name] : undefined;
      if (other !== undefined) return other;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
