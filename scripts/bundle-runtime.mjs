/**
 * Bundles `src/runtime/index.ts` (and the tokenizer library that it uses) into one ES module and writes it as a string
 * into `src/runtime/bundled.generated.ts`, which git ignores. The compiler hands that text to `codegen/package`, which
 * therefore needs no file system. Our own code stays readable; the library is shortened, and its license text goes along.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { runtimeTypes } from "./runtime-types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const LIBRARY = "@huggingface/tokenizers";

/** Shortens the names inside of libraries; readers of a package care for the runtime. */
const shortenLibraries = {
  name: "shorten-libraries",
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules.*\.m?js$/ }, async ({ path }) => ({
      contents: (await transform(readFileSync(path, "utf8"), { minify: true, format: "esm" })).code,
      loader: "js",
    })),
};

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
    plugins: [shortenLibraries],
  });
  return result.outputFiles[0].text;
}

/** What the license of the bundled library asks to be passed on. */
export function runtimeNotices() {
  const folder = new URL(`../node_modules/${LIBRARY}/`, import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  return `runtime.js contains ${LIBRARY} ${version}, under this license:\n\n${readFileSync(new URL("LICENSE", folder), "utf8")}`;
}

/** Writes the generated module. */
export async function bundleRuntime() {
  const constants = { RUNTIME_SOURCE: await runtimeText(), RUNTIME_TYPES: runtimeTypes(), RUNTIME_NOTICES: runtimeNotices() }; // prettier-ignore
  const lines = Object.entries(constants).map(
    ([name, text]) => `export const ${name}: string = ${JSON.stringify(text)};`,
  );
  const header =
    "/** Made by scripts/bundle-runtime.mjs: the texts of the runtime, its types and its notices. Do not edit. */";
  writeFileSync(new URL("../src/runtime/bundled.generated.ts", import.meta.url), `${[header, ...lines].join("\n")}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleRuntime();
