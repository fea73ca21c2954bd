/**
 * Debian's Chromium, headless, with WebGPU on its own software adapter, so that a machine without a GPU gives the same
 * results as any other. It talks to nobody but the test's server.
 */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const PATHS = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Undefined where there is none. */
export function chromiumPath(): string | undefined {
  return PATHS.find((path): path is string => path !== undefined && existsSync(path));
}

/** Starts it with a profile of its own, which goes when it is closed. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--headless=new",
      "--no-sandbox",
      "--no-first-run",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
