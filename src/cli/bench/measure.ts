/** Measures a model: what prompt and answer take, and what each kernel does. */
import { openDevice } from "../../runtime/devices/open.ts";
import type { Generation, Model } from "../../runtime/index.ts";
import { loadOn } from "../../runtime/load.ts";
import type { PreparedSource } from "../load-source.ts";
import { median } from "../../support/median.ts";
import { GpuClock } from "./gpu-clock.ts";
import { KernelTimes, TimedDevice } from "./timed-device.ts";
import type { KernelTime } from "./timed-device.ts";

const WARM_UPS = 1;

export interface Work {
  readonly prompt: readonly number[];
  /** Of the answer, 2 or more: behind the first one each is a step of its own. */
  readonly tokens: number;
}

export interface Speed {
  readonly runs: number;
  /** Medians. */
  readonly prefillSeconds: number;
  readonly decodeSecondsPerToken: number;
}

/** Behind a warm-up. */
export async function measure(model: Model, work: Work, runs: number, signal: AbortSignal): Promise<Speed> {
  const prefill: number[] = [];
  const decode: number[] = [];
  for (let run = -WARM_UPS; run < runs; run++) {
    const { prefillSeconds, decodeSeconds } = await generate(model, work, signal);
    if (run < 0) continue;
    prefill.push(prefillSeconds);
    decode.push(decodeSeconds / (work.tokens - 1));
  }
  return { runs, prefillSeconds: median(prefill), decodeSecondsPerToken: median(decode) };
}

/** The same tokens each time, by a model that remembers nothing. */
async function generate(model: Model, { prompt, tokens }: Work, signal: AbortSignal): Promise<Generation> {
  model.reset();
  const generation = model.generate(prompt, { maxTokens: tokens, temperature: 0, stopAtEos: false, signal });
  // The js target never waits: without a pause no signal would be heard.
  for await (const _ of generation) await new Promise((resume) => setImmediate(resume));
  return generation;
}

export interface Kernels {
  /** `device`: the adapter's own. `host`: launches are waited for one by one, and what that takes counts. */
  readonly clock: "device" | "host";
  readonly kernels: readonly (KernelTime & { readonly share: number })[];
}

/** One run more, of a model whose launches are timed. */
export async function timeKernels(
  { data, options }: PreparedSource,
  work: Work,
  signal: AbortSignal,
): Promise<Kernels> {
  const times = new KernelTimes();
  const profiles = data.profiles.filter(({ target }) => target === options.target);
  const clock = options.target === "webgpu" ? await GpuClock.open(profiles) : undefined;
  try {
    const opened = await openDevice(profiles, { ...options, device: clock?.device });
    const model = await loadOn({ ...opened, device: new TimedDevice(opened.device, times, clock) }, data, options);
    try {
      await generate(model, work, signal);
      await clock?.settle();
      times.clear();
      await generate(model, work, signal);
      await clock?.settle();
    } finally {
      await model.close();
    }
  } finally {
    clock?.close();
  }
  const all = times.all();
  const total = (entry: string): number =>
    all.reduce((sum, time) => sum + (time.entry === entry ? time.seconds : 0), 0);
  const kernels = all.map((time) => ({ ...time, share: time.seconds / total(time.entry) }));
  return { clock: clock === undefined ? "host" : "device", kernels };
}
