/**
 * One request for a stretch of a file, and what its answer says of the file. Requests carry no `If-Range`: the version of
 * each answer is compared instead, which needs no permission of another origin's server.
 */
import { DownloadError } from "../errors.ts";
import { versionOf } from "./version.ts";
import type { Version } from "./version.ts";

/** How requests are made. */
export interface Requests {
  /** Absolute. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** What the browser's own cache is to do: nothing, where `BlockStore` keeps the file. */
  readonly cache: RequestCache;
  readonly limits: Limits;
}

/** How long and how often something is tried. */
export interface Limits {
  /** So many failures in a row, without one byte between them, are met by another try. */
  readonly retries: number;
  /** The same for the first request of a file, which fails for good where the name is wrong. */
  readonly firstRetries: number;
  /** Before the first retry; twice as long before each one more. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  /** A connection that has brought nothing for so long is given up. */
  readonly stallMs: number;
}

export interface Answer {
  /** In the file, of the first byte of `body`. */
  readonly start: number;
  /** Of the whole file in bytes, where the answer says it. */
  readonly size: number | undefined;
  readonly version: Version;
  /** The server has sent the file from its start, whatever was asked for. */
  readonly isWhole: boolean;
  readonly body: ReadableStreamDefaultReader<Uint8Array>;
  /** Ends the connection. */
  cancel(): void;
}

/** A failure that another try may not meet. */
export class PassingError extends Error {
  readonly status: number | undefined;
  /** What the server asks to be given before the next try. */
  readonly pauseMs: number;

  constructor(message: string, options: ErrorOptions & { readonly status?: number; readonly pauseMs?: number } = {}) {
    super(message, options);
    this.status = options.status;
    this.pauseMs = options.pauseMs ?? 0;
  }
}

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks for the bytes `from` to `to`, both included; without `to` for the rest. Undefined where there is no such file.
 * Throws a `PassingError` where another try may help, a `DownloadError` where it will not, or the reason of `signal`.
 */
export async function ask(
  requests: Requests,
  from: number,
  to: number | undefined,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { url } = requests;
  const controller = new AbortController();
  const cancel = (): void => controller.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", cancel, { once: true });
  const end = (): void => {
    signal.removeEventListener("abort", cancel);
    controller.abort();
  };
  try {
    const init = { headers: { Range: `bytes=${from}-${to ?? ""}` }, cache: requests.cache, signal: controller.signal };
    const { fetch: fetcher } = requests;
    const answer = await soon(fetcher(url, init), requests.limits.stallMs, end).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new PassingError(`${url}: ${textOf(error)}`, { cause: error });
    });
    const found = factsOf(answer, url, from, to);
    if (found === undefined) return void end();
    const body = answer.body ?? new Blob().stream();
    return { ...found, body: body.getReader(), cancel: end };
  } catch (error) {
    end();
    throw error;
  }
}

function factsOf(
  answer: Response,
  url: string,
  from: number,
  to: number | undefined,
): Omit<Answer, "body" | "cancel"> | undefined {
  const { status, headers } = answer;
  const refuse = (what: string): DownloadError => new DownloadError(`${url}: ${what}`, { status });
  if (PASSING.has(status))
    throw new PassingError(`${url}: ${statusText(answer)}`, {
      status,
      pauseMs: retryAfter(headers.get("Retry-After")),
    });
  const version = versionOf(headers);
  const range = headers.get("Content-Range");
  // An empty file has no stretch to send.
  if (status === 416 && range === "bytes */0") return { start: 0, size: 0, version, isWhole: false };
  if (status === 404 || status === 410) return undefined;
  if (!answer.ok) throw refuse(statusText(answer));
  // The server of a single-page app answers any path with its page.
  if (/^text\/html\b/i.test(headers.get("Content-Type") ?? "")) return undefined;
  const length = headers.get("Content-Length");
  const bytes = length === null || headers.has("Content-Encoding") ? undefined : Number(length);
  if (status !== 206) return { start: 0, size: bytes, version, isWhole: true };
  if (range === null) {
    // Another origin's server, which does not let scripts see it; the length can be seen.
    if (to !== undefined && bytes !== undefined && bytes !== to - from + 1)
      throw refuse(`asked for bytes ${from} to ${to}, the server sent ${bytes} bytes`);
    const size = to === undefined && bytes !== undefined ? from + bytes : undefined;
    return { start: from, size, version, isWhole: false };
  }
  const [start, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range)?.slice(1) ?? [];
  if (Number(start) !== from || Number(last) < from || (to !== undefined && Number(last) > to))
    throw refuse(`asked for bytes ${from} to ${to ?? "the end"}, the server sent "${range}"`);
  return { start: from, size: size === "*" ? undefined : Number(size), version, isWhole: false };
}

function statusText({ status, statusText: text }: Response): string {
  return `the server answered ${status}${text === "" ? "" : ` ${text}`}`;
}

/** In ms, a minute at most; 0 where the server asks for nothing. */
function retryAfter(header: string | null): number {
  const seconds = header === null ? 0 : /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000; // prettier-ignore
  return Math.min(Math.max(0, seconds || 0), 60) * 1000;
}

/** What Node's fetch says is in the cause. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? `${error.message} (${cause.message})` : error.message;
}

/** `promise`, or a `PassingError` where it takes longer than `limitMs`; then `end` is called as well. */
export async function soon<V>(promise: Promise<V>, limitMs: number, end: () => void): Promise<V> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new PassingError(`nothing came for ${limitMs / 1000} s`));
      end();
    }, limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
