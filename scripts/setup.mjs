/**
 * Makes a fresh clone ready, with nothing but Node and npm: installs the packages where they are missing or stale, and
 * a software Vulkan driver where no WebGPU adapter is found (Debian or Ubuntu, as root; elsewhere it prints the command).
 * Without an adapter everything else still works, so only missing packages end it. `--no-adapter` leaves the driver
 * alone. Has no dependency. Messages go to stderr.
 */
import { execFileSync, spawnSync } from "node:child_process";
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
  if (!isStale()) return;
  say("installing packages (npm ci)");
  const started = Date.now();
  const installed = tried("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
  if (!installed) process.exit(5);
  say(`packages installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** Whether a package of the lock file is missing or of another version; npm keeps its own record of what it installed. */
function isStale() {
  const record = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return true;
  const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const installed = packagesOf(record);
  return Object.entries(packagesOf(path.join(root, "package-lock.json"))).some(
    ([place, { version, optional }]) => place !== "" && !optional && installed[place]?.version !== version,
  );
}

function ensureAdapter() {
  if (hasAdapter()) return;
  const system = osRelease();
  const isDebian = process.platform === "linux" && /debian|ubuntu/.test(`${system.ID ?? ""} ${system.ID_LIKE ?? ""}`);
  const backports = system.VERSION_CODENAME === "bookworm" ? ["-t", "bookworm-backports"] : [];
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...backports, "mesa-vulkan-drivers"];
  if (!isDebian)
    say(
      "no WebGPU adapter found; install a Vulkan driver (Fedora: dnf install mesa-vulkan-drivers), or use --target cpu",
    );
  else if (process.getuid?.() !== 0)
    say(`no WebGPU adapter found; install Mesa's software Vulkan: sudo ${install.join(" ")}`);
  else installMesa(install, backports.length > 0);
}

function installMesa(install, needsBackports) {
  say("no WebGPU adapter found: installing Mesa's software Vulkan driver (mesa-vulkan-drivers)");
  if (needsBackports && !addBackports()) return;
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const [command, ...args] = install;
  const isInstalled = tried(command, ["update", "-qq"], options) && tried(command, ["-qq", ...args], options);
  if (!isInstalled || !hasAdapter())
    say("still no WebGPU adapter: going on without; `npx llmc doctor` says what is missing");
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

/**
 * Debian 12's own Mesa is too old for Dawn; the suite bookworm-backports of the same mirror has a newer one. False where
 * this machine names no mirror.
 */
function addBackports() {
  const sources = aptSources();
  if (sources.some(({ suites }) => suites.includes("bookworm-backports"))) return true;
  const mirror = sources.find(({ suites }) => suites.includes("bookworm"));
  if (mirror === undefined) {
    say("the apt sources of this machine name no mirror for bookworm; going on without an adapter");
    return false;
  }
  const file = "/etc/apt/sources.list.d/llmc-backports.sources";
  say(`adding the suite bookworm-backports of this machine's own Debian mirror (${file})`);
  const signed = mirror.signedBy ? `Signed-By: ${mirror.signedBy}\n` : "";
  writeFileSync(file, `Types: deb\nURIs: ${mirror.uri}\nSuites: bookworm-backports\nComponents: main\n${signed}`);
  return true;
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

/** Runs a command whose stdout is of no interest; says what failed. */
function tried(command, args, options) {
  try {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
    return true;
  } catch (error) {
    say(`${command} ${args.join(" ")} failed: ${error.message}`);
    return false;
  }
}
