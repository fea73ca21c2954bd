/** webpack 5 as a test finds it: packages of their own (`webpack/package.json`), which are installed when they are needed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

const FOLDER = join(import.meta.dirname, "webpack");

/** What the test uses of it. */
export type Webpack = (
  config: object,
  done: (error: Error | null, stats?: { toString(): string; hasErrors(): boolean; hasWarnings(): boolean }) => void,
) => void;

/** webpack, or why it is not there. */
export async function findWebpack(): Promise<Webpack | string> {
  if (!existsSync(join(FOLDER, "node_modules/webpack")))
    try {
      const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"];
      await promisify(execFile)("npm", args, { cwd: FOLDER, timeout: 120_000 });
    } catch (error) {
      const lines = String((error as { readonly stderr?: unknown }).stderr ?? error).split("\n");
      return `no webpack on this machine (npm ci in tests/browser/webpack: ${lines[0]})`;
    }
  return createRequire(join(FOLDER, "package.json"))("webpack") as Webpack;
}

/** Bundles `folder`/`entry` to `folder`/`out` for production; all that it has to complain about, "" where it has nothing. */
export function bundle(webpack: Webpack, folder: string, entry: string, out: string): Promise<string> {
  const config = {
    mode: "production",
    context: folder,
    entry,
    output: { path: join(folder, out) },
    // The longest part by far; Vite's build makes the text short as well.
    optimization: { minimize: false },
    // Weights are large.
    performance: { hints: false },
  };
  return new Promise((resolve, reject) =>
    webpack(config, (error, stats) => {
      if (error !== null || stats === undefined) reject(error ?? new Error("webpack has nothing to say"));
      else resolve(stats.hasErrors() || stats.hasWarnings() ? stats.toString() : "");
    }),
  );
}
