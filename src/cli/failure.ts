/**
 * Why a command could not do its work, with the exit code that scripts rely on: 1 the user's program is wrong, 2 usage,
 * 4 environment (adapter, feature, limit, memory), 5 files or network. Anything else that is thrown is our bug: 3.
 */
import type { Diagnostic } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;

export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  constructor(
    readonly exitCode: ExitCode,
    /** Stable, for scripts: `usage`, `source`, `file`, `weights`, `adapter`, ... */
    readonly code: string,
    message: string,
    readonly diagnostics: readonly Diagnostic[] = [],
    /** The texts that the diagnostics point into, by path. */
    readonly files: ReadonlyMap<string, SourceFile> = new Map(),
  ) {
    super(message);
  }
}

export function usageError(message: string): CommandFailure {
  return new CommandFailure(2, "usage", message);
}

export function fileError(message: string): CommandFailure {
  return new CommandFailure(5, "file", message);
}

/** Why the system refused, in words. */
export function reason(error: unknown): string {
  const code = (error as { code?: string }).code;
  return REASONS.get(code ?? "") ?? (error instanceof Error ? error.message : String(error));
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file or folder"],
  ["EACCES", "permission denied"],
  ["EISDIR", "it is a folder"],
  ["ENOTDIR", "part of the path is not a folder"],
  ["ENOSPC", "no space left"],
]);
