/**
 * One conversation: which tokens the caches on the device hold, and the calls that add to them. The state (`pos`,
 * `token`, `active`, `step`, the caches) stays on the device; here is only what the host must know to write its
 * arguments. One row; batches are the executor's business.
 */
import { byteCount, floatsOf } from "./call.ts";
import { ContextError, DeviceError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { promptCounts, samplingInputs } from "./sampling.ts";
import type { Sampling } from "./sampling.ts";

export class Session {
  /** The tokens whose keys and values are in the caches, as far as the host knows. */
  private cached: readonly number[] = [];
  /**
   * How many tokens the device has taken in at most; it may have run ahead of `cached`. Caches are simply written again
   * from there, but the state of a scan cannot go back: then everything is taken in anew, as on a device that is new.
   */
  private taken = 0;

  constructor(
    readonly executor: Executor,
    private readonly chunk: { readonly prefill: number; readonly extend: number },
    private readonly vocab: number,
  ) {}

  get position(): number {
    return this.cached.length;
  }

  reset(): void {
    this.cached = [];
    this.taken = 0;
  }

  /** Tells the session that its device is another one, whose caches are empty. What is `cached` is taken in again. */
  moved(): void {
    this.taken = 0;
  }

  /** Tells the session what the caches hold after a generation: the state moves back when the next one starts. */
  settle(tokens: readonly number[]): void {
    this.cached = [...tokens];
  }

  /**
   * Takes in `prompt` (at least one token) and samples the next one. What the caches already hold of the prompt's
   * beginning is kept. Answers the bytes of `token: i32[B]`. Once `signal` has aborted, no further chunk is submitted
   * and the reason is thrown; the session can start again.
   */
  start(prompt: readonly number[], sampling: Sampling, signal?: AbortSignal): Promise<Uint8Array> {
    if (prompt.length > this.executor.context)
      throw new ContextError(`the prompt has ${prompt.length} tokens, the context holds ${this.executor.context}`);
    let kept = 0;
    while (kept < prompt.length - 1 && this.cached[kept] === prompt[kept]) kept++;
    if (this.taken < kept || (this.executor.isRecurrent && (kept < this.cached.length || this.taken !== kept)))
      kept = 0;
    this.cached = [];
    this.taken = prompt.length;
    const started = this.prefill(prompt, kept, sampling, signal);
    started.catch(() => {});
    return started;
  }

  /**
   * The chunks of `prompt` from `from` on. One is submitted while the device computes the one before it, so that the
   * device never idles; all of them at once could not be called back. The token of each is read, though only that of
   * the last one means anything: it is how the end of a chunk is known.
   */
  private async prefill(
    prompt: readonly number[],
    from: number,
    sampling: Sampling,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    let before: Promise<unknown> | undefined;
    let last: Promise<Uint8Array> | undefined;
    this.setSampling(prompt, sampling);
    for (let at = from; at < prompt.length; at += this.chunk.prefill) {
      await before;
      signal?.throwIfAborted();
      const part = prompt.slice(at, at + this.chunk.prefill);
      const plan = this.plan("prefill", part.length);
      this.executor.setInput(plan, "tokens", Int32Array.from(part));
      this.executor.setInput(plan, "count", Int32Array.of(part.length));
      this.executor.setInput(plan, "pos", Int32Array.of(at));
      // The token sampled after an inner chunk means nothing: it must not advance the random numbers.
      this.executor.setInput(plan, "step", Uint32Array.of(0));
      const run = this.executor.run(plan, { B: 1, T: part.length }, this.executor.output(plan, "token", 4));
      run.catch(() => {});
      before = last;
      last = run;
    }
    return last ?? new Uint8Array(0);
  }

  /** One more token after the last sampled one. Answers the bytes of `token: i32[B]`. */
  next(): Promise<Uint8Array> {
    const plan = this.plan("decode", 1);
    this.taken++;
    const run = this.executor.run(plan, { B: 1, T: 1 }, this.executor.output(plan, "token", 4));
    run.catch(() => {});
    return run;
  }

  /** Appends `tokens` to the caches; answers the logits behind the last one, `f32[V]`. Where that fails, none count. */
  async extend(tokens: readonly number[]): Promise<Float32Array> {
    const before = this.cached;
    try {
      return await this.append(tokens);
    } catch (error) {
      this.cached = before;
      throw error;
    }
  }

  private async append(tokens: readonly number[]): Promise<Float32Array> {
    if (this.cached.length + tokens.length > this.executor.context)
      throw new ContextError(
        `${this.cached.length} tokens are in the context and ${tokens.length} are added; it holds ${this.executor.context}`,
      );
    const [has, needs] = [this.taken, this.cached.length];
    if (has < needs || (this.executor.isRecurrent && has !== needs)) return this.again(tokens);
    let logits: Float32Array = new Float32Array(0);
    for (let at = 0; at < tokens.length; at += this.chunk.extend) {
      const part = tokens.slice(at, at + this.chunk.extend);
      const plan = this.plan("extend", part.length);
      this.executor.setInput(plan, "tokens", Int32Array.from(part));
      this.executor.setInput(plan, "count", Int32Array.of(part.length));
      this.executor.setInput(plan, "pos", Int32Array.of(this.cached.length));
      this.cached = [...this.cached, ...part];
      this.taken = this.cached.length;
      const sizes = { B: 1, T: part.length };
      const type = this.executor.typeOf(plan, "logits");
      if (type === undefined) throw new DeviceError(`the entry ${this.executor.plan(plan).entry} has no logits`);
      // A build for several rows has room for the logits of each; this session is row 0.
      const read = at + part.length === tokens.length ? this.executor.output(plan, "logits", byteCount(type, sizes)) : undefined; // prettier-ignore
      logits = floatsOf(type[0], await this.executor.run(plan, sizes, read));
    }
    return logits;
  }

  /** `append` behind a state that has run ahead or is lost: all tokens once more. */
  private again(tokens: readonly number[]): Promise<Float32Array> {
    const all = [...this.cached, ...tokens];
    this.reset();
    return this.append(all);
  }

  private plan(entry: string, length: number): number {
    const plan = this.executor.planFor(entry, { B: 1, T: length });
    if (plan === undefined) throw new DeviceError(`this package has no plan for ${entry} of ${length} tokens`);
    return plan;
  }

  /** All plans share the buffer of an argument of the same name, so what `prefill` is told holds for `decode` too. */
  private setSampling(prompt: readonly number[], sampling: Sampling): void {
    const plan = this.plan("prefill", 1);
    const inputs = samplingInputs(sampling, this.vocab);
    for (const [name, values] of Object.entries(inputs)) this.executor.setInput(plan, name, values);
    const counts = promptCounts(sampling, prompt, this.vocab);
    if (counts !== undefined) this.executor.setInput(plan, "counts", counts);
  }
}
