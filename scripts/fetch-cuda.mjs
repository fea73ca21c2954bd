/**
 * `node scripts/fetch-cuda.mjs`: NVIDIA's run-time compiler (NVRTC), the headers that it needs and two readers of its
 * binaries, for the tests that compile CUDA C++ on a machine without a GPU. They are wheels: pip gets them by name, from
 * wherever this machine's pip gets packages, into node_modules/.cache/llmc/cuda. Prints that folder.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs"; // prettier-ignore
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const cache = path.join(root, "node_modules/.cache/llmc");
const say = (text) => process.stderr.write(`fetch-cuda: ${text}\n`);

/**
 * One release of CUDA, as its parts include each other. NVIDIA has no wheels of the two readers before CUDA 13.2; they
 * read the binaries of older releases. `ptxas` is part of NVRTC, so the wheel of nvcc (37 MB) is not needed.
 */
const WHEELS = [
  "nvidia-cuda-nvrtc==13.0.*", // lib/libnvrtc.so.13 and the built-ins that it opens by name.
  "nvidia-cuda-runtime==13.0.*", // include/cuda_fp16.h, cuda_bf16.h, vector_types.h.
  "nvidia-cuda-crt==13.0.*", // include/crt, which vector_types.h includes.
  "nvidia-cuda-cccl==13.0.*", // include/cccl/nv/target, which cuda_fp16.h includes.
  "nvidia-cuda-cuobjdump==13.5.*", // bin/cuobjdump: the resources of each kernel.
  "nvidia-cuda-nvdisasm==13.5.*", // bin/nvdisasm: the instructions of each kernel.
];

/** Unpacks the wheels without a second build of NVRTC and the static libraries, together more than half of the bytes. */
const UNPACK = `
import os, pathlib, sys, zipfile
source, target = map(pathlib.Path, sys.argv[1:])
for wheel in source.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename
            if entry.is_dir() or ".alt." in name or name.endswith(".a"): continue
            if name.startswith("nvidia/cu13/"): place = name[len("nvidia/cu13/"):]
            elif name.endswith("License.txt"): place = name
            else: continue
            file = target / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive.read(entry))
            if place.startswith("bin/"): file.chmod(0o755)
print(sum(wheel.stat().st_size for wheel in source.glob("*.whl")), sum(f.stat().st_size for f in target.rglob("*") if f.is_file()))
`;

/** `{ folder }`, or `{ problem }` in one line. What was fetched once is not fetched again. */
export async function fetchCuda() {
  const folder = path.join(cache, "cuda");
  const stamp = path.join(folder, "wheels.json");
  const wheels = JSON.stringify(WHEELS);
  const isThere = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wheels;
  if (isThere()) return { folder };
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
    return { problem: `NVIDIA's compiler is fetched for Linux on x86-64 and aarch64, not ${process.platform} on ${process.arch}` }; // prettier-ignore
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, "cuda-"));
  try {
    const problem = await downloadAndUnpack(work);
    if (problem !== undefined) return { problem };
    writeFileSync(path.join(work, "cuda/wheels.json"), wheels);
    // Another process may have fetched the same meanwhile, and use it already: then ours is not needed.
    if (!isThere()) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(path.join(work, "cuda"), folder);
    }
    return { folder };
  } catch (error) {
    // It may also have come between the last two steps; a folder that is not empty cannot be replaced.
    if (isThere()) return { folder };
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The files into `work`/cuda; gives the problem in one line, if there is one. */
async function downloadAndUnpack(work) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  say(`downloading ${WHEELS.join(", ")} with pip`);
  const options = ["--no-deps", "--only-binary=:all:", "--quiet", "--progress-bar=off", "--disable-pip-version-check", "--retries=1"]; // prettier-ignore
  const pip = await runPython(["-m", "pip", "download", ...options, "--dest", "wheels", ...WHEELS], work);
  if (pip.problem !== undefined) return `pip cannot download NVIDIA's compiler: ${pip.problem}`;
  const downloaded = seconds();
  const unpacked = await runPython(["-c", UNPACK, "wheels", "cuda"], work);
  if (unpacked.problem !== undefined) return `the wheels of NVIDIA's compiler cannot be unpacked: ${unpacked.problem}`;
  const [download, files] = unpacked.stdout.trim().split(" ").map((bytes) => `${(Number(bytes) / 1e6).toFixed(0)} MB`); // prettier-ignore
  say(`${download} downloaded in ${downloaded}, ${files} unpacked after ${seconds()}`);
  return undefined;
}

/** `{ stdout }`, or `{ problem }`. Asynchronous, because a test runner takes a process that stands still for lost. */
function runPython(args, cwd) {
  return new Promise((resolve) => {
    const child = spawn("python3", args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: 600_000 });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"])
      child[stream].setEncoding("utf8").on("data", (text) => (output[stream] += text));
    child.on("error", ({ code, message }) => resolve({ problem: code === "ENOENT" ? "there is no python3" : message }));
    child.on("close", (status, signal) =>
      resolve(status === 0 ? { stdout: output.stdout } : { problem: reasonOf(output.stderr, signal) }),
    );
  });
}

/** What pip or Python says first as its error, else last. */
function reasonOf(stderr, signal) {
  if (signal !== null) return `ended by ${signal}`;
  if (/No module named pip/.test(stderr)) return "python3 has no pip (Debian: apt-get install python3-pip)";
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => text.startsWith("ERROR: ")) ?? lines.at(-1) ?? "no reason given";
  return line.replace(/^ERROR: /, "").replace("(from versions: none)", "(no package index within reach has it)");
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { folder, problem } = await fetchCuda();
  if (problem === undefined) process.stdout.write(`${folder}\n`);
  else {
    process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
  }
}
