/** Signals: the exit code, and nothing on stdout of what a driver says when its compilation is cut off. */
import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { LLMC_BUNDLE } from "./command-line.ts";

const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);
if (!hasAdapter) it("is interrupted while kernels compile", ({ skip }) => skip("there is no WebGPU adapter"));

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
}

/** Sends `signal` `delay` ms after the driver was opened, when it says something of itself, or after a second. */
function interrupted(args: readonly string[], signal: "SIGINT" | "SIGTERM", delay: number): Promise<Ended> {
  const child = spawn(process.execPath, [LLMC_BUNDLE, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MESA_SHADER_CACHE_DISABLE: "1" },
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const opened = new Promise<unknown>((resolve) => {
    child.stderr.on("data", resolve);
    setTimeout(resolve, 1000);
  });
  void opened.then(() => setTimeout(() => child.kill(signal), delay));
  return new Promise((resolve) => child.once("close", (exitCode) => resolve({ exitCode, stdout })));
}

describe.runIf(hasAdapter)("a signal while kernels compile", () => {
  const run = ["run", "examples/moby", "--target", "webgpu", "--tokens", "1,2,3", "--max-tokens", "500", "--json"];

  // Cut off in these moments, Mesa dumped SPIR-V to stdout or crashed in one run of three.
  it.each([20, 180, 220, 260, 300, 350, 400])(
    "ends with 130 and an empty stdout, %i ms behind the adapter",
    async (delay) => {
      expect(await interrupted(run, "SIGINT", delay)).toEqual({ exitCode: 130, stdout: "" });
    },
  );

  it("ends with 143 where it is SIGTERM, and in verify", async () => {
    expect(await interrupted(run, "SIGTERM", 250)).toEqual({ exitCode: 143, stdout: "" });
    const verify = ["verify", "tests/fixtures/golden/llama", "--target", "webgpu", "--json"];
    expect(await interrupted(verify, "SIGINT", 250)).toEqual({ exitCode: 130, stdout: "" });
  });
});
