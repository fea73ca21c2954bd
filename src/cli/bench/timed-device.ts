/**
 * A device that times every launch of a program, by entry point and kernel: by a clock of the device where there is one,
 * else by waiting for each launch, which counts what a launch costs to a kernel.
 */
import type { Device, DeviceInfo, PreparedProgram, Recording, Sizes } from "../../runtime/devices/device.ts";
import { defined } from "../../support/errors.ts";

/** All launches of a kernel by the plans of an entry point. */
export interface KernelTime {
  readonly entry: string;
  readonly kernel: string;
  launches: number;
  seconds: number;
}

/** Adds up what launches took. */
export class KernelTimes {
  private readonly times = new Map<string, KernelTime>();

  of(entry: string, kernel: string): KernelTime {
    const key = `${entry} ${kernel}`;
    const time = this.times.get(key) ?? { entry, kernel, launches: 0, seconds: 0 };
    this.times.set(key, time);
    return time;
  }

  clear(): void {
    this.times.clear();
  }

  /** Those of an entry point together, the longest first. */
  all(): readonly KernelTime[] {
    const entries = [...new Set([...this.times.values()].map(({ entry }) => entry))];
    const place = (time: KernelTime): number => entries.indexOf(time.entry);
    return [...this.times.values()].sort((a, b) => place(a) - place(b) || b.seconds - a.seconds);
  }
}

export function addLaunch(time: KernelTime, seconds: number): void {
  time.launches++;
  time.seconds += seconds;
}

/** A clock of the device: it is told whose launch comes next, and adds to that once it knows. */
export interface DeviceClock {
  next: KernelTime | undefined;
}

export class TimedDevice implements Device {
  readonly info: DeviceInfo;
  readonly lost: Device["lost"];
  readonly compilesLate: boolean;

  constructor(
    private readonly inner: Device,
    private readonly times: KernelTimes,
    private readonly clock?: DeviceClock,
  ) {
    ({ info: this.info, lost: this.lost, compilesLate: this.compilesLate } = inner);
  }

  async prepare(...args: Parameters<Device["prepare"]>): Promise<PreparedProgram> {
    const [program] = args;
    const prepared = await this.inner.prepare(...args);
    const timeOf = (plan: number, step: number): KernelTime => {
      const { entry, steps } = defined(program.plans[plan], "a plan");
      const [kernel] = defined(steps[step], "a step");
      return this.times.of(entry, defined(program.kernels[kernel], "a kernel").name);
    };
    const { clock } = this;
    return clock === undefined ? new Waiting(prepared, timeOf) : clocked(prepared, timeOf, clock);
  }

  close(): void {
    this.inner.close();
  }
}

type TimeOf = (plan: number, step: number) => KernelTime;

function clocked(prepared: PreparedProgram, timeOf: TimeOf, clock: DeviceClock): PreparedProgram {
  return {
    write: (...args) => prepared.write(...args),
    begin: (sizes) => {
      const recording = prepared.begin(sizes);
      return {
        launch: (plan, step, groups) => {
          clock.next = timeOf(plan, step);
          recording.launch(plan, step, groups);
        },
        submit: (read) => recording.submit(read),
      };
    },
    close: () => prepared.close(),
  };
}

type Launch = Parameters<Recording["launch"]>;
type Read = Parameters<Recording["submit"]>[0];

/** Submits each launch by itself. Calls and writes keep their order, though each is waited for. */
class Waiting implements PreparedProgram {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly prepared: PreparedProgram,
    private readonly timeOf: TimeOf,
  ) {}

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    const own = bytes.slice();
    void this.inOrder(async () => this.prepared.write(buffer, offset, own));
  }

  begin(sizes: Sizes): Recording {
    const launches: Launch[] = [];
    return {
      launch: (...launch) => void launches.push(launch),
      submit: (read) => this.inOrder(() => this.run(sizes, launches, read)),
    };
  }

  private async run(sizes: Sizes, launches: readonly Launch[], read: Read): Promise<Uint8Array> {
    for (const [plan, step, groups] of launches) {
      const recording = this.prepared.begin(sizes);
      recording.launch(plan, step, groups);
      const started = performance.now();
      await recording.submit();
      addLaunch(this.timeOf(plan, step), (performance.now() - started) / 1000);
    }
    return this.prepared.begin(sizes).submit(read);
  }

  private inOrder<V>(work: () => Promise<V>): Promise<V> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }

  close(): void {
    this.prepared.close();
  }
}
