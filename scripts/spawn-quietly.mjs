/**
 * Runs a command whose stdout is ours and whose stderr is ours but for what Dawn and Mesa say about themselves at each
 * start: they write it past Node, so that only a parent process can leave it out.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const NOISE = [
  /^Warning: maxDynamic\w+ artificially reduced from \d+ to \d+/,
  /^WARNING: (lavapipe|llvmpipe|dzn) is not a conformant/i,
  // Where there is no driver, the runtime says it in one line.
  /^Warning: vkCreateInstance/,
  /^ {4}at CheckVkSuccessImpl/,
];

/** Whether a line of stderr is of no use to anybody. */
export function isNoise(line) {
  return NOISE.some((pattern) => pattern.test(line));
}

/** The exit status of the command; 1 where it could not start or a signal ended it. */
export function spawnQuietly(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["inherit", "inherit", "pipe"] });
    const lines = createInterface({ input: child.stderr });
    let wasNoise = false;
    lines.on("line", (line) => {
      wasNoise = isNoise(line) || (wasNoise && line === "");
      if (!wasNoise) process.stderr.write(`${line}\n`);
    });
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (status) => resolve(status ?? 1));
  });
}
