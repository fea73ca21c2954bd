/**
 * The two ways llmc stops without a diagnostic: a broken promise of ours (`InternalError`), and a forgotten case,
 * which the type checker reports at `assertNever`. A user's mistake is never thrown; it is a `Diagnostic`.
 */

/** A bug in llmc. The command line turns it into exit code 3 and a reproduction bundle. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Ends a `switch` over a union: a missing case is a type error here. */
export function assertNever(value: never, what = "case"): never {
  throw new InternalError(`unhandled ${what}: ${JSON.stringify(value)}`);
}

/** Returns `value`, or throws `InternalError` with `message` where it is null or undefined. */
export function defined<V>(value: V | null | undefined, message: string): V {
  if (value === null || value === undefined) throw new InternalError(message);
  return value;
}
