/**
 * A file of one version on a server, read by stretches. What breaks is taken up again at the byte where it broke, after
 * a pause that doubles; what cannot be mended is a `DownloadError`.
 */
import { DownloadError } from "../errors.ts";
import { PassingError, ask, soon } from "./answer.ts";
import type { Answer, Requests } from "./answer.ts";
import { differs } from "./version.ts";
import type { Version } from "./version.ts";

export interface FileFacts {
  /** In bytes. */
  readonly size: number;
  readonly version: Version;
}

/** The body of an answer, as far as it was read. */
interface OpenBody {
  readonly answer: Answer;
  /** In the file, of the next byte. */
  position: number;
  /** Came, and belongs behind what was asked for. */
  rest: Uint8Array | undefined;
}

export class Download {
  /** Of a server that sends the whole file whatever it is asked for: what was not asked for yet. */
  private open: OpenBody | undefined;

  /** `first`: an answer that is still to be read, if there is one. */
  constructor(
    private readonly requests: Requests,
    private readonly facts: FileFacts,
    private readonly signal: AbortSignal,
    first?: Answer,
  ) {
    this.open = first && { answer: first, position: first.start, rest: undefined };
  }

  /** The next byte of an answer with the whole file; undefined where there is none under way. */
  get position(): number | undefined {
    return this.open?.position;
  }

  /** Fills `into` with the bytes from `from` on. One call at a time. Throws `DownloadError`, or the signal's reason. */
  async read(from: number, into: Uint8Array): Promise<void> {
    let done = 0;
    await retrying(this.requests, this.requests.limits.retries, this.signal, async (progress) => {
      const body = await this.bodyAt(from + done, from + into.length - 1);
      try {
        for (; done < into.length; progress()) done += await this.take(body, from + done, into.subarray(done));
        if (!body.answer.isWhole) body.answer.cancel();
      } catch (error) {
        body.answer.cancel();
        this.open = undefined;
        this.signal.throwIfAborted();
        throw error;
      }
    });
  }

  close(): void {
    this.open?.answer.cancel();
    this.open = undefined;
  }

  private async bodyAt(from: number, to: number): Promise<OpenBody> {
    if (this.open !== undefined && this.open.position <= from) return this.open;
    this.close();
    const { url } = this.requests;
    const answer = await ask(this.requests, from, to, this.signal);
    const { size, version } = this.facts;
    if (answer === undefined || differs(answer.version, version) || (answer.size ?? size) !== size) {
      answer?.cancel();
      const change = answer === undefined ? "is no longer there" : "has changed";
      throw new DownloadError(`${url} ${change} since reading it began; load the model again`);
    }
    const body = { answer, position: answer.start, rest: undefined };
    if (answer.isWhole) this.open = body;
    return body;
  }

  /** The next bytes of `body` that are not before `from`, into `into`; how many they were. */
  private async take(body: OpenBody, from: number, into: Uint8Array): Promise<number> {
    const { answer } = body;
    let chunk = body.rest;
    body.rest = undefined;
    if (chunk === undefined) {
      const { done, value } = await soon(answer.body.read(), this.requests.limits.stallMs, () => answer.cancel());
      if (done) throw new PassingError(`${this.requests.url} ended at byte ${body.position} of ${this.facts.size}`);
      chunk = value;
    }
    const before = Math.min(chunk.length, from - body.position);
    const taken = chunk.subarray(before, before + into.length);
    into.set(taken);
    body.position += before + taken.length;
    if (before + taken.length < chunk.length) body.rest = chunk.subarray(before + taken.length);
    return taken.length;
  }
}

/**
 * Calls `run` until it ends well. Errors but a `DownloadError` are met by another try after a pause, `retries` times
 * since `run` last said that something had come.
 */
export async function retrying<V>(
  { url, limits }: Requests,
  retries: number,
  signal: AbortSignal,
  run: (progress: () => void) => Promise<V>,
): Promise<V> {
  let failures = 0;
  for (;;)
    try {
      return await run(() => (failures = 0));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DownloadError) throw error;
      const passing = error instanceof PassingError ? error : undefined;
      if (failures++ === retries) {
        const message = passing?.message ?? `${url}: ${String(error)}`;
        throw new DownloadError(`${message} (tried ${failures} times)`, { cause: error, status: passing?.status });
      }
      const pause = Math.min(limits.pauseMs * 2 ** (failures - 1), limits.longestPauseMs);
      await sleep(Math.max(pause, passing?.pauseMs ?? 0), signal);
    }
}

/** Throws the reason of `signal` as soon as it aborts. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
  });
}
