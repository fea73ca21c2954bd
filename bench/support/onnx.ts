/**
 * The peer of the cpu benches: onnxruntime-web's WebAssembly backend on an ONNX file that `onnx_models.py` writes. The
 * PyPI package `onnx` is installed on first use, into a virtual environment beside the other peers.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import * as ort from "onnxruntime-web";

const CACHE = path.resolve("bench/node_modules/.cache/llmc");
const PEER = "onnxruntime-web";

export { ort, PEER };

export interface ModelFiles {
  readonly onnx: string;
  readonly safetensors: string;
}

/** Writes the model where it is missing. `kind` and `sizes` are the script's arguments. */
export function modelFiles(kind: "product" | "encoder", ...sizes: readonly number[]): ModelFiles {
  const name = path.join(CACHE, [kind, ...sizes].join("-"));
  const files = { onnx: `${name}.onnx`, safetensors: `${name}.safetensors` };
  if (existsSync(files.onnx) && existsSync(files.safetensors)) return files;
  mkdirSync(CACHE, { recursive: true });
  const environment = path.join(CACHE, "python");
  const python = path.join(environment, "bin/python");
  const run = (command: string, args: readonly string[]): void =>
    void execFileSync(command, args, { stdio: ["ignore", 2, 2] });
  if (!existsSync(python)) {
    process.stderr.write("bench: installing the PyPI package onnx\n");
    run("python3", ["-m", "venv", environment]);
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "onnx==1.23.*", "numpy"]);
  }
  run(python, ["bench/support/onnx_models.py", CACHE, kind, ...sizes.map(String)]);
  return files;
}

/** A session of so many threads; the number of the first session of a process is that of all. */
export async function openOnnx(file: string, threads: number): Promise<ort.InferenceSession> {
  ort.env.wasm.numThreads = threads;
  return ort.InferenceSession.create(file, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
}
