/** `llmc doctor`: what this machine offers, and what is missing: Node, the WebGPU package, the adapter, its limits. */
import type { Command } from "commander";
import { PROFILES } from "../../driver/profiles.ts";
import { cpuProblem } from "../../runtime/devices/cpu.ts";
import { machineThreads } from "../../runtime/devices/cpu-threads.ts";
import { isSoftware, requestAdapter, unmet } from "../../runtime/devices/webgpu-adapter.ts";
import type { Perform } from "../program.ts";
import { VERSION } from "../version.ts";

interface AdapterReport {
  readonly name: string;
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

const SHOWN_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupsPerDimension",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "minStorageBufferOffsetAlignment",
] as const;

export function registerDoctor(program: Command, perform: Perform): void {
  program
    .command("doctor")
    .description("what this machine offers to llmc")
    .option("--json", "print one JSON document")
    .action(() =>
      perform(async (output) => {
        const node = { version: process.versions.node, ok: Number(process.versions.node.split(".")[0]) >= 20 };
        const { adapter, problem, profiles: gpuProfiles } = await adapterReport();
        const gpu = adapter === undefined ? (problem ?? "no WebGPU adapter") : `the adapter ${adapter.name}${adapter.isSoftware ? " (software)" : ""}`; // prettier-ignore
        const cpu = cpuProblem();
        const profiles = [...gpuProfiles, ...cpuProfiles()];
        const target = cpu === undefined && adapter?.isSoftware !== false ? "cpu" : adapter === undefined ? "js" : "webgpu"; // prettier-ignore
        const reason = target === "cpu" ? `WebAssembly, because no GPU was found: ${gpu}` : gpu;
        const threads = await machineThreads();
        const text = [
          `llmc      ${VERSION}`,
          `Node      ${node.version}${node.ok ? "" : " (too old: 20 or later is needed)"}`,
          `WebGPU    ${gpu}`,
          ...(adapter === undefined ? [] : [`  features ${adapter.features.join(" ")}`]),
          ...Object.entries(adapter?.limits ?? {}).map(([name, value]) => `  ${name} ${value}`),
          `CPU       ${cpu ?? `WebAssembly with ${cpuProblem(["relaxed-simd"]) === undefined ? "relaxed SIMD" : "SIMD"}, ${threads} threads`}`,
          `profiles  ${profiles.map(({ name, problem: why }) => (why === undefined ? name : `${name} (no: ${why})`)).join(", ")}`, // prettier-ignore
          `target    ${target}: ${reason}`,
        ].join("\n");
        // Plain JavaScript is for tests: a machine with nothing else lacks something.
        const ok = target !== "js" && node.ok;
        const message = node.ok ? `${gpu}; ${cpu ?? ""}` : `Node ${node.version} is too old`;
        const error = ok ? {} : { error: { code: node.ok ? "adapter" : "node", message } };
        const cpuReport = { ok: cpu === undefined, problem: cpu ?? null, threads };
        output.result({ ok, ...error, llmc: VERSION, node, adapter: adapter ?? null, problem: problem ?? null, cpu: cpuReport, profiles, target, reason }, text); // prettier-ignore
        return ok ? 0 : 4;
      }),
    );
}

interface ProfileReport {
  readonly name: string;
  /** Why it cannot be used here. */
  readonly problem?: string;
}

function cpuProfiles(): readonly ProfileReport[] {
  return PROFILES.filter(({ target }) => target === "cpu").map(({ name, requires }) => ({
    name,
    problem: cpuProblem(requires.features),
  }));
}

async function adapterReport(): Promise<{
  adapter?: AdapterReport;
  problem?: string;
  profiles: readonly ProfileReport[];
}> {
  try {
    const found = await requestAdapter();
    const limits = Object.fromEntries(SHOWN_LIMITS.map((name) => [name, found.limits[name] ?? 0]));
    const { info } = found;
    const name = info.description || info.device || info.vendor;
    const profiles = PROFILES.filter((profile) => profile.target === "webgpu").map((profile) => ({
      name: profile.name,
      problem: unmet(found, profile.requires),
    }));
    return { adapter: { name, isSoftware: isSoftware(info), features: [...found.features].sort(), limits }, profiles };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error), profiles: [] };
  }
}
