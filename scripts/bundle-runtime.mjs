/**
 * Bundles `src/runtime/index.ts` (and the tokenizer library that it uses) into one ES module and writes it as a string
 * into `src/runtime/bundled.generated.ts`, which git ignores. The compiler hands that text to `codegen/package`, which
 * therefore needs no file system (DECISIONS.md 26).
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The bundled runtime as text. `external` packages stay imports. */
export async function runtimeText({ minify = false, external = [] } = {}) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ["src/runtime/index.ts"],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    mainFields: ["module", "main"],
    conditions: ["import"],
    legalComments: "inline",
    minify,
    external,
  });
  return result.outputFiles[0].text;
}

/** Writes the generated module. */
export async function bundleRuntime() {
  const text = await runtimeText();
  const header = "/** Made by scripts/bundle-runtime.mjs: the text of the runtime. Do not edit. */\n";
  writeFileSync(
    new URL("../src/runtime/bundled.generated.ts", import.meta.url),
    `${header}export const RUNTIME_SOURCE: string = ${JSON.stringify(text)};\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleRuntime();
