/** Signals: the exit code, and nothing on stdout of what a driver says when its compilation is cut off. */
import { spawn } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Interrupt } from "../../src/cli/interrupt.ts";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { LLMC_BUNDLE } from "./command-line.ts";
import { workFolder } from "./work-folder.ts";

const { write } = workFolder();

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

  it("is asked for what must be closed, and is the system's where nothing must", async () => {
    const kill = vi.spyOn(process, "kill").mockReturnValue(true);
    const before = process.listenerCount("SIGINT");
    const interrupt = new Interrupt(() => {});
    expect(process.listenerCount("SIGINT")).toBe(before);
    let closed = false;
    const guarded = interrupt.guard(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      closed = true;
      process.emit("SIGINT", "SIGINT");
      signal.throwIfAborted();
    });
    expect(process.listenerCount("SIGINT")).toBe(before + 1);
    process.emit("SIGINT", "SIGINT");
    await expect(guarded).rejects.toMatchObject({ name: "AbortError" });
    expect([closed, interrupt.exitCode]).toEqual([true, 130]);
    expect(kill).toHaveBeenCalledWith(process.pid, "SIGINT");
    await interrupt.guard(async () => {});
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  it("ends a compilation, which gives the event loop no turn", async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => `    let a${i + 1} = a${i} @ w + x\n`).join("");
    const model = `model Long(dim: int = 8) {\n  param w: f[dim, dim]\n  forward(x: f[B, T, dim]) -> f[B, T, dim] {\n    let a0 = x\n${lines}    return a9000\n  }\n}\n`;
    const file = write("long.llm", model);
    const child = spawn(process.execPath, [LLMC_BUNDLE, "inspect", file, "--stage", "plan"], { stdio: "ignore" });
    const begin = Date.now();
    setTimeout(() => child.kill("SIGINT"), 1500);
    const [exitCode, signal] = await new Promise<readonly unknown[]>((resolve) =>
      child.once("close", (...how) => resolve(how)),
    );
    expect({ exitCode, signal }).toEqual({ exitCode: null, signal: "SIGINT" });
    expect(Date.now() - begin).toBeLessThan(5000);
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
