/** Signals: the exit code, and nothing on stdout of what a driver says when its compilation is cut off. */
import { spawn } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Interrupt } from "../../src/cli/interrupt.ts";
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

describe("an interrupt", () => {
  afterEach(() => vi.restoreAllMocks());

  it("ends the process at once where nothing must be closed, and asks where something must", async () => {
    const exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as never);
    const kill = vi.spyOn(process, "kill").mockReturnValue(true);
    const interrupt = new Interrupt(() => {});
    let closed = false;
    const guarded = interrupt.guard(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      closed = true;
      signal.throwIfAborted();
    });
    interrupt.handle("SIGINT");
    await expect(guarded).rejects.toMatchObject({ name: "AbortError" });
    expect([closed, interrupt.exitCode, exit.mock.calls.length]).toEqual([true, 130, 0]);
    interrupt.handle("SIGINT");
    expect(kill).toHaveBeenCalledWith(process.pid, "SIGINT");
    const unguarded = new Interrupt(() => {});
    await unguarded.guard(async () => {});
    unguarded.handle("SIGTERM");
    expect(exit).toHaveBeenCalledWith(143);
  });
});

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
