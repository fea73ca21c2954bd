/**
 * Bundles `src/runtime/index.ts` (and the tokenizer library that it uses) into one ES module, and what it loads on demand
 * into others, and writes them as strings into `src/runtime/bundled.generated.ts`, which git ignores. The compiler hands
 * them to `codegen/package`, which therefore needs no file system. Our own code stays readable for those who open a
 * package; the library is shortened, and its license text goes along.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { runtimeTypes } from "./runtime-types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const LIBRARY = "@huggingface/tokenizers";

/** The library's variable in the bundle: too long a name to be one of ours. */
const LIBRARY_VARIABLE = "huggingfaceTokenizers";

const SHARED = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  platform: "neutral",
  target: "es2022",
  mainFields: ["module", "main"],
  conditions: ["import"],
  legalComments: "inline",
};

/** Sources that a module of the package imports from another one. */
const FROM_RUNTIME = { "src/runtime/errors.ts": "./runtime.js", "src/runtime/byte-source.ts": "./runtime.js" };
const FROM_HTTP = { "src/runtime/http/index.ts": "./http.js" };

/** The modules of the runtime by their file in the package. */
export async function runtimeFiles() {
  return { "runtime.js": await runtimeText(), "http.js": await moduleText("src/runtime/http/index.ts", FROM_RUNTIME) };
}

/** The module that all others need; without the library it imports that one. */
export async function runtimeText({ library = true } = {}) {
  const text = await moduleText("src/runtime/index.ts", FROM_HTTP);
  return library ? withLibrary(text) : text;
}

/** `elsewhere`: sources that are not bundled, and what is imported instead. */
async function moduleText(entry, elsewhere) {
  const plugin = {
    name: "elsewhere",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.{1,2}\// }, ({ resolveDir, path: imported }) => {
        const found = elsewhere[path.relative(root, path.resolve(resolveDir, imported))];
        return found && { path: found, external: true };
      }),
  };
  const result = await build({
    ...SHARED,
    entryPoints: [entry],
    format: "esm",
    external: [LIBRARY],
    plugins: [plugin],
  });
  return withoutComments(result.outputFiles[0].text);
}

/**
 * esbuild leaves out the comments of functions and classes and keeps those of members, a tenth of all that is sent. They
 * go too; the types of a package say what its members are. Shortened, the text must be what it was: nothing but comments
 * may go.
 */
async function withoutComments(text) {
  const bare = text.replace(/^ *\/\*\*[^]*?\*\/\n/gm, "");
  const [before, after] = await Promise.all([text, bare].map((each) => transform(each, { minifyWhitespace: true })));
  if (before.code !== after.code) throw new Error("a line that looks like a comment of the runtime is none");
  return bare;
}

/**
 * Puts the library behind the runtime, which uses it only once it is called, and takes away its import. esbuild shortens
 * all of a bundle or nothing, so the library is a bundle of its own. In the middle it would cost 900 bytes gzipped: it is
 * longer than what deflate looks back on.
 */
async function withLibrary(text) {
  const [statement, names] = /^import \{ (.*) \} from "@huggingface\/tokenizers";$/m.exec(text) ?? [];
  if (names === undefined) throw new Error(`the runtime has no line that imports ${LIBRARY}`);
  const exported = names.replaceAll(/ as \w+/g, "");
  const result = await build({
    ...SHARED,
    stdin: { contents: `export { ${exported} } from "${LIBRARY}";`, resolveDir: root },
    format: "iife",
    globalName: LIBRARY_VARIABLE,
    minify: true,
  });
  const lines = [
    `// ${LIBRARY}, shortened; its license is in NOTICES`,
    result.outputFiles[0].text.trimEnd(),
    `var { ${names.replaceAll(" as ", ": ")} } = ${LIBRARY_VARIABLE};`,
  ];
  return `${text.replace(`${statement}\n`, "")}\n${lines.join("\n")}\n`;
}

/** What the license of the bundled library asks to be passed on. */
export function runtimeNotices() {
  const folder = new URL(`../node_modules/${LIBRARY}/`, import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  return `runtime.js contains ${LIBRARY} ${version}, under this license:\n\n${readFileSync(new URL("LICENSE", folder), "utf8")}`;
}

/** Writes the generated module. */
export async function bundleRuntime() {
  const lines = [
    `export const RUNTIME_FILES: Readonly<Record<string, string>> = ${JSON.stringify(await runtimeFiles())};`,
    `export const RUNTIME_TYPES: string = ${JSON.stringify(runtimeTypes())};`,
    `export const RUNTIME_NOTICES: string = ${JSON.stringify(runtimeNotices())};`,
  ];
  const header =
    "/** Made by scripts/bundle-runtime.mjs: the texts of the runtime, its types and its notices. Do not edit. */";
  writeFileSync(new URL("../src/runtime/bundled.generated.ts", import.meta.url), `${[header, ...lines].join("\n")}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleRuntime();
