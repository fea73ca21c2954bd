/**
 * One running generation: an async iterator over pieces of text. Steps are submitted up to four ahead of the token that
 * the host looks at, so the device never waits for a read-back; what ran ahead of a stop is forgotten.
 */
import { DeviceLostError } from "./errors.ts";
import type { ResolvedOptions } from "./generation-options.ts";
import type { Generation, StopReason, Tokenizer } from "./public-types.ts";
import type { Session } from "./session.ts";
import { StopText } from "./stop-text.ts";
import { StreamDecoder } from "./tokenizer.ts";

/** How many steps are submitted before the oldest token is read. */
const DEPTH = 4;

export class TokenGeneration implements Generation {
  readonly tokens: number[] = [];
  stop: StopReason | undefined;
  prefillSeconds = 0;
  decodeSeconds = 0;
  private readonly pieces: AsyncGenerator<string, void, undefined>;
  private isFinished = false;

  /** `finished` is called once, however it ends. */
  constructor(
    private readonly session: Session,
    readonly promptTokens: readonly number[],
    private readonly tokenizer: Tokenizer | undefined,
    private readonly options: ResolvedOptions,
    private readonly finished: () => void,
    /** Resolves where the model lost its device and is on another one; throws any other error. */
    private readonly recover: (error: unknown, signal?: AbortSignal) => Promise<void>,
  ) {
    this.pieces = this.run();
  }

  private finish(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.finished();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<string, void>> {
    return this.pieces.next();
  }

  async return(): Promise<IteratorResult<string, void>> {
    const result = await this.pieces.return();
    // A generator that never started does not run its `finally`.
    this.finish();
    return result;
  }

  async text(): Promise<string> {
    let text = "";
    for await (const piece of this) text += piece;
    return text;
  }

  private async *run(): AsyncGenerator<string, void, undefined> {
    const decoder = this.tokenizer === undefined ? undefined : new StreamDecoder(this.tokenizer);
    const stopText = new StopText(this.options.stop);
    try {
      for await (const token of this.runTokens()) {
        const { text, isStopped } = stopText.push(decoder?.push(token) ?? "");
        if (text !== "" || decoder === undefined) yield text;
        if (isStopped) {
          this.stop = "stop";
          return;
        }
      }
      const rest = stopText.push(decoder?.flush() ?? "");
      const last = rest.isStopped ? rest.text : rest.text + stopText.flush();
      if (last !== "") yield last;
    } finally {
      this.finish();
    }
  }

  /** The tokens that have text: a stop token is recorded and ends it. */
  private async *runTokens(): AsyncGenerator<number, void, undefined> {
    const { session, promptTokens, options } = this;
    options.signal?.throwIfAborted();
    const started = performance.now();
    // The first token needs no place in the caches, each later one needs that of its predecessor.
    const limit = Math.min(options.maxTokens, session.executor.context - promptTokens.length + 1);
    const inFlight: Promise<Uint8Array>[] = [];
    let submitted = 0;
    // On this device, the tokens known from one that was lost included.
    let sampled = 0;
    try {
      for (;;) {
        // Nothing runs ahead of the first token, which the caller waits for most.
        while (submitted === 0 || (sampled > 0 && inFlight.length < DEPTH && submitted < limit)) {
          inFlight.push(submitted === 0 ? session.start(promptTokens, options, options.signal) : session.next());
          submitted++;
        }
        let token: number;
        try {
          token = tokenOf(await orAborted(inFlight.shift(), options.signal));
        } catch (error) {
          await Promise.allSettled(inFlight.splice(0));
          await this.recover(error, options.signal);
          submitted = sampled = 0;
          continue;
        }
        const known = this.tokens[sampled++];
        if (known !== undefined) {
          // The same steps give the same tokens, and bring all that the device counts to where it was.
          if (token === known) continue;
          sampled = 0;
          throw new DeviceLostError("the GPU device was lost; another one is there, but its numbers differ too much to go on with this text"); // prettier-ignore
        }
        this.tokens.push(token);
        if (this.tokens.length === 1) this.prefillSeconds = (performance.now() - started) / 1000;
        this.decodeSeconds = (performance.now() - started) / 1000 - this.prefillSeconds;
        if (options.stopTokens.includes(token)) {
          this.stop = "eos";
          return;
        }
        yield token;
        if (this.tokens.length >= limit) {
          this.stop = "length";
          return;
        }
      }
    } finally {
      await Promise.allSettled(inFlight);
      // The last token was sampled; it is in the caches only if a step ran ahead, so it counts as not there.
      session.settle(sampled === 0 ? [] : [...promptTokens, ...this.tokens.slice(0, sampled - 1)]);
    }
  }
}

function tokenOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
}

/** Waits for `bytes`, or throws the signal's reason as soon as it aborts. */
async function orAborted(bytes: Promise<Uint8Array> | undefined, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const pending = bytes ?? Promise.resolve(new Uint8Array(4));
  if (signal === undefined) return pending;
  signal.throwIfAborted();
  let stopListening = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    stopListening = () => signal.removeEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([pending, aborted]);
  } finally {
    stopListening();
  }
}
