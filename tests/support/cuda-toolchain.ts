/**
 * g++ for the CUDA simulator (tests/device/sim): compiles its runtime once a machine, a text of kernels against it, and
 * a whole program with its own `main`. The text is compiled as it is; a wrapper beside it includes it and registers its
 * kernels.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "../device/sim");
const include = path.join(folder, "include");
const runtime = path.join(folder, "runtime");

const COMMON = ["-std=c++17", "-g", "-Wall", "-Wextra", "-fno-pie"];
const RUNTIME = [...COMMON, "-O2"];
/**
 * Without optimization an access of the text is one access of the program, in its order and its size. Accesses are
 * reported to the runtime by the calls that -fsanitize=thread adds; the sanitizer itself is not linked.
 */
const KERNEL = [
  "-O0",
  "-fsanitize=thread",
  "-fno-threadsafe-statics",
  "-ffp-contract=off",
  "-Wno-unknown-pragmas",
  "-Wno-attributes",
];

let problem: string | undefined | null = null;

/** Why this machine has no simulator; undefined where it has one. */
export function simProblem(): string | undefined {
  if (problem === null) problem = findProblem();
  return problem;
}

function findProblem(): string | undefined {
  if (process.platform !== "linux") return "the CUDA simulator needs Linux";
  const { status } = spawnSync("g++", ["--version"], { stdio: "ignore" });
  if (status !== 0) return "no g++ on this machine";
  const input = "#include <type_traits>\nstatic_assert(__GNUC__ >= 11 && sizeof(void*) == 8);\n";
  const made = spawnSync("g++", ["-std=c++17", "-x", "c++", "-fsanitize=thread", "-fsyntax-only", "-"], { input });
  return made.status === 0 ? undefined : "g++ on this machine is older than 11, or not for 64 bits";
}

/** Runs g++ and answers what it printed; throws an Error with that text where it fails. */
async function compile(args: readonly string[], what: string): Promise<string> {
  const child = spawn("g++", args, { stdio: ["ignore", "ignore", "pipe"] });
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  if (code !== 0) throw new Error(`g++ cannot compile ${what}:\n${printed}`);
  return printed;
}

let built: Promise<string> | undefined;

/** The folder with the runtime's objects; server.o is the main that cuda-sim.ts talks to. Kept for later processes. */
export function builtRuntime(): Promise<string> {
  built ??= buildRuntime();
  return built;
}

async function buildRuntime(): Promise<string> {
  const sources = readdirSync(runtime).filter((name) => name.endsWith(".cpp"));
  const hash = createHash("sha256");
  for (const root of [runtime, path.join(include, "sim")])
    for (const name of readdirSync(root).sort()) hash.update(name).update(readFileSync(path.join(root, name)));
  hash.update(spawnSync("g++", ["--version"]).stdout).update(RUNTIME.join(" "));
  const cached = path.join(os.tmpdir(), `cuda-sim-${os.userInfo().uid}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(cached)) return cached;
  // Made elsewhere and moved, as several processes may start at once.
  const made = mkdtempSync(path.join(os.tmpdir(), "cuda-sim-build-"));
  const object = (name: string): string => path.join(made, `${path.basename(name, ".cpp")}.o`);
  const warnings: string[] = [];
  const waiting = [...sources];
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const args = [...RUNTIME, "-c", path.join(runtime, name), "-o", object(name)];
      warnings.push(await compile(args, `the simulator's ${name}`));
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  const headers = ["cuda_fp16.h", "cuda_bf16.h"].flatMap((name) => ["-include", path.join(include, name)]);
  const check = [...COMMON, ...KERNEL, ...headers, "-fsyntax-only", "-x", "c++", "/dev/null"];
  warnings.push(await compile(check, "the simulator's headers"));
  writeFileSync(path.join(made, "warnings.txt"), warnings.join(""));
  try {
    renameSync(made, cached);
  } catch (error) {
    if (!existsSync(cached)) throw error;
    rmSync(made, { recursive: true });
  }
  return cached;
}

/** What g++ had to say about the simulator's own sources; empty where they are clean. */
export async function runtimeWarnings(): Promise<string> {
  return readFileSync(path.join(await builtRuntime(), "warnings.txt"), "utf8");
}

export interface KernelDeclaration {
  readonly name: string;
  /** The first argument of `__launch_bounds__`, as text; "0" where there is none. */
  readonly maxThreads: string;
}

/** `__launch_bounds__(...)`, whose arguments may hold one level of parentheses; its first argument is group 1. */
const BOUNDS = /__launch_bounds__\s*\(((?:[^(),]|\([^()]*\))*)(?:,(?:[^()]|\([^()]*\))*)?\)/.source;
const KERNEL_DECLARATION = new RegExp(
  `__global__((?:\\s|\\b\\w+\\b|${BOUNDS})*?)\\b(?!__launch_bounds__)(\\w+)\\s*\\(`,
  "g",
);

/** The `__global__` functions that a text declares or defines, each once. */
export function kernelsOf(text: string): readonly KernelDeclaration[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, " ");
  const found = new Map<string, string>();
  for (const [, words = "", , name = ""] of code.matchAll(KERNEL_DECLARATION)) {
    const bounds = new RegExp(BOUNDS).exec(words)?.[1]?.trim();
    if (bounds !== undefined || !found.has(name)) found.set(name, bounds ?? "0");
  }
  return [...found].map(([name, maxThreads]) => ({ name, maxThreads }));
}

function wrapper(file: string, kernels: readonly KernelDeclaration[]): string {
  const lines = kernels.map(({ name, maxThreads }) => `CUDA_SIM_KERNEL(${name}, (${maxThreads}))`);
  return [`#include "${file}"`, `#include "${path.join(runtime, "kernels.h")}"`, ...lines, ""].join("\n");
}

/** The texts that `file` includes by `#include "..."`, itself first. */
function withIncludes(files: Readonly<Record<string, string>>, file: string, seen = new Set<string>()): Set<string> {
  const text = files[file];
  if (text === undefined || seen.has(file)) return seen;
  seen.add(file);
  for (const [, name = ""] of text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) withIncludes(files, name, seen);
  return seen;
}

export interface CompileOptions {
  /** Links the main of runtime/server.cpp; else the texts bring their own. */
  readonly hasServer?: boolean;
}

/**
 * Compiles texts (file name to text) with the simulator into `outExe`. Files that another one includes are not compiled
 * by themselves. Throws an Error with the compiler's messages, whose lines are those of the texts.
 */
export async function compileProgram(
  files: Readonly<Record<string, string>>,
  outExe: string,
  { hasServer = false }: CompileOptions = {},
): Promise<void> {
  const objects = await builtRuntime();
  const build = mkdtempSync(path.join(os.tmpdir(), "cuda-sim-program-"));
  try {
    const included = new Set<string>();
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(build, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      for (const other of withIncludes(files, name)) if (other !== name) included.add(other);
    }
    const units = Object.keys(files).filter((name) => /\.(cu|cpp|cc)$/.test(name) && !included.has(name));
    const compiled = await Promise.all(
      units.map(async (name, i) => {
        const kernels = kernelsOf([...withIncludes(files, name)].map((file) => files[file]).join("\n"));
        const unit = path.join(build, `wrapper-${i}.cpp`);
        const object = path.join(build, `wrapper-${i}.o`);
        writeFileSync(unit, wrapper(path.join(build, name), kernels));
        const paths = [`-I${build}`, `-I${include}`, "-include", "cuda_runtime.h"];
        await compile([...COMMON, ...KERNEL, ...paths, "-c", unit, "-o", object], name);
        return object;
      }),
    );
    const own = readdirSync(objects).filter((name) => name.endsWith(".o") && (hasServer || name !== "server.o"));
    const linked = [...compiled, ...own.map((name) => path.join(objects, name))];
    await compile(["-no-pie", ...linked, "-o", outExe], "the program");
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}
