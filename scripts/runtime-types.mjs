/**
 * The public types of the runtime as one declaration file: `src/runtime/public-types.ts` and the classes of
 * `src/runtime/errors.ts`, as the TypeScript compiler declares them. Packages carry the text as `runtime.d.ts`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const FILES = ["public-types", "errors"];

/** The text; throws where a file does not compile or imports another one, which the text would lack. */
export function runtimeTypes() {
  const out = mkdtempSync(path.join(tmpdir(), "llmc-types-"));
  try {
    const options = ["--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--strict", "--target", "es2022", "--lib", "es2023,esnext.disposable,dom", "--types", "", "--outDir", out]; // prettier-ignore
    const files = FILES.map((name) => `src/runtime/${name}.ts`);
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", ...options, ...files], { cwd: root });
    const texts = FILES.map((name) => readFileSync(path.join(out, `${name}.d.ts`), "utf8"));
    const text = ['/// <reference lib="esnext.disposable" />', ...texts].join("\n");
    if (/^import\b|\bfrom "/m.test(text)) throw new Error(`${files.join(" and ")} may import nothing`);
    return text;
  } finally {
    rmSync(out, { recursive: true });
  }
}
