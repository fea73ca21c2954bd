/**
 * Makes a fresh clone ready, with nothing but Node and npm: installs the packages where they are missing or stale, and
 * a software Vulkan driver where no WebGPU adapter is found (Debian or Ubuntu, as root; elsewhere it prints the command).
 * `--no-adapter` leaves the driver alone. Has no dependency. Messages go to stderr.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`setup: ${text}\n`);

const [major] = process.versions.node.split(".").map(Number);
if (major < 20) {
  say(`Node ${process.versions.node} is too old: llmc needs Node 20 or later`);
  process.exit(4);
}

installPackages();
if (!process.argv.includes("--no-adapter")) ensureAdapter();

function installPackages() {
  const stamp = path.join(root, "node_modules", ".llmc-lock");
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === lock;
  if (!fresh) {
    say("installing packages (npm ci)");
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
    writeFileSync(stamp, lock);
  }
}

function ensureAdapter() {
  if (hasAdapter()) return;
  const system = osRelease();
  const family = `${system.ID ?? ""} ${system.ID_LIKE ?? ""}`;
  const bookworm = system.VERSION_CODENAME === "bookworm";
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...(bookworm ? ["-t", "bookworm-backports"] : []), "mesa-vulkan-drivers"]; // prettier-ignore
  if (process.platform !== "linux" || !/debian|ubuntu/.test(family)) {
    say(
      "no WebGPU adapter found; install a Vulkan driver (Fedora: dnf install mesa-vulkan-drivers), or use --target js",
    );
    return;
  }
  if (process.getuid?.() !== 0) {
    say(`no WebGPU adapter found; install Mesa's software Vulkan: sudo ${install.join(" ")}`);
    return;
  }
  say("no WebGPU adapter found: installing Mesa's software Vulkan driver (mesa-vulkan-drivers)");
  if (bookworm) addBackports();
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env });
  run(install[0], ["-qq", ...install.slice(1)], { env });
  if (!hasAdapter()) say("still no WebGPU adapter; `npx llmc doctor` says what is missing");
}

/** Asks in a child process: a driver that crashes must not take the setup with it. */
function hasAdapter() {
  const probe = `import { create } from "webgpu"; const gpu = create([]); globalThis.keep = gpu;
    const adapter = await gpu.requestAdapter(); process.exit(adapter ? 0 : 1);`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", probe], {
    cwd: root,
    stdio: "ignore",
    timeout: 60000,
  });
  return child.status === 0;
}

/** Debian 12's own Mesa is too old for Dawn; the suite bookworm-backports of the same mirror has a newer one. */
function addBackports() {
  const entry = debianMirror();
  const file = "/etc/apt/sources.list.d/llmc-backports.sources";
  if (aptSources().some((source) => source.suites.includes("bookworm-backports"))) return;
  say(`adding the suite bookworm-backports of this machine's own Debian mirror (${file})`);
  const signed = entry.signedBy === undefined ? "" : `Signed-By: ${entry.signedBy}\n`;
  writeFileSync(file, `Types: deb\nURIs: ${entry.uri}\nSuites: bookworm-backports\nComponents: main\n${signed}`);
}

function debianMirror() {
  const entry = aptSources().find((source) => source.suites.includes("bookworm"));
  if (entry === undefined) {
    say("the apt sources of this machine name no mirror for the suite bookworm");
    process.exit(4);
  }
  return entry;
}

/** The mirrors that apt reads: one-line lists and deb822 files. */
function aptSources() {
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder) ? readdirSync(folder).map((f) => path.join(folder, f)) : []),
  ];
  return files.filter((file) => existsSync(file) && /\.(list|sources)$/.test(file)).flatMap(readSources);
}

function readSources(file) {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".list"))
    return [...text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/gm)].map(([, options = "", uri, suite]) => ({
      uri,
      suites: [suite],
      signedBy: /signed-by=(\S+)/.exec(options)?.[1],
    }));
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, "mi").exec(stanza)?.[1]?.trim();
    const uri = field("URIs")?.split(/\s+/)[0];
    return uri === undefined
      ? []
      : [{ uri, suites: (field("Suites") ?? "").split(/\s+/), signedBy: field("Signed-By") }];
  });
}

function osRelease() {
  if (!existsSync("/etc/os-release")) return {};
  const lines = readFileSync("/etc/os-release", "utf8").split("\n");
  return Object.fromEntries(
    lines.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1).replaceAll('"', "")]),
  );
}

function run(command, args, options) {
  try {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
  } catch (error) {
    say(`${command} ${args.join(" ")} failed: ${error.message}`);
    process.exit(5);
  }
}
