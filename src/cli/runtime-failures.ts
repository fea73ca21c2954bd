/** The typed errors of the runtime as failures of a command: 4 for the environment, 5 for files, 2 for options. */
import {
  ContextError,
  DeviceError,
  DeviceLostError,
  DownloadError,
  OptionError,
  SafetensorsError,
  TokenizerError,
  UnsupportedAdapterError,
  WeightsError,
} from "../runtime/errors.ts";
import { CommandFailure, reason } from "./failure.ts";

/** The failure for an error that a user can do something about; undefined for a bug of ours. */
export function failureOf(error: unknown): CommandFailure | undefined {
  if (error instanceof UnsupportedAdapterError) return new CommandFailure(4, "adapter", error.message);
  if (error instanceof DeviceLostError) return new CommandFailure(4, "device-lost", error.message);
  if (error instanceof DeviceError) return new CommandFailure(4, "device", error.message);
  if (error instanceof DownloadError) return new CommandFailure(5, "download", error.message);
  if (error instanceof WeightsError) return new CommandFailure(5, "weights", error.message);
  if (error instanceof SafetensorsError) return new CommandFailure(5, "safetensors", error.message);
  if (error instanceof TokenizerError) return new CommandFailure(5, "tokenizer", error.message);
  if (error instanceof ContextError) return new CommandFailure(2, "context", error.message);
  if (error instanceof OptionError) return new CommandFailure(2, "option", error.message);
  if (error instanceof RangeError && /allocation failed|array length/i.test(error.message))
    return new CommandFailure(4, "memory", `not enough memory: ${error.message}`);
  if (isSystemError(error)) return new CommandFailure(5, "file", reason(error));
  return undefined;
}

/** A file or a connection that the system refused: its errors name the call and a code. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "code" in error;
}
