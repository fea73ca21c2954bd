/** Holds the arrows of ARCHITECTURE.md: reads the import lines of every file and checks what each folder may import. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** A folder to the folders it may import from (itself always). `types:` may be imported by `import type` only. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "src/support": [],
  "src/ir": ["src/support"],
  "src/ops": ["src/support", "src/ir"],
  "src/interp": ["src/support", "src/ir"],
  grammar: ["src/support"],
  "src/sema": ["src/support", "grammar", "src/ir"],
  "src/kernel": ["src/support"],
  "src/plan": ["src/support", "src/kernel", "src/ir"],
  "src/runtime": ["types:src/plan", "types:src/ir", "types:src/kernel"],
  "src/weights": ["src/support", "src/runtime"],
  "src/import": ["src/support", "grammar", "src/runtime"],
  "src/profiles": ["src/kernel"],
  "src/std": ["src/support"],
  passes: ["src/support", "src/ir", "src/kernel", "src/plan"],
  codegen: ["src/support", "src/kernel", "src/plan", "types:src/ir", "types:src/runtime"],
  "src/driver": ["*"],
  "src/cli": ["src/driver", "src/support", "src/runtime", "src/weights", "src/ir"],
};
/** Only these may touch files, processes, the clock or the environment. */
const IMPURE = ["src/cli", "src/runtime"];

const FILES = ["src", "grammar", "passes", "codegen"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.posix.join(folder, file.replaceAll("\\", "/"))),
);

function folderOf(file: string): string {
  const found = Object.keys(ARROWS)
    .filter((folder) => file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (found === undefined) throw new Error(`${file} lies in no folder of ARCHITECTURE.md`);
  return found;
}

function importsOf(file: string): { target: string; isType: boolean }[] {
  const text = readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(/(?:import|export)\s+(type\s+)?[^"';]*?from\s+"([^"]+)"|import\s*\(\s*"([^"]+)"/g)].map(
    (m) => ({
      target: m[2] ?? m[3] ?? "",
      isType: m[1] !== undefined,
    }),
  );
}

/** Why the import is forbidden, or undefined. */
export function violation(file: string, target: string, isType: boolean): string | undefined {
  const from = folderOf(file);
  if (!target.startsWith(".")) {
    if (target.startsWith("node:") && !IMPURE.some((folder) => file.startsWith(folder)))
      return `${file} imports ${target}; only ${IMPURE.join(", ")} may`;
    return undefined;
  }
  if (target.endsWith("/package.json")) return from === "src/cli" ? undefined : `${file} reads package.json`;
  const to = folderOf(path.posix.join(path.posix.dirname(file), target));
  const allowed = ARROWS[from] ?? [];
  if (from === to || allowed.includes("*") || allowed.includes(to)) return undefined;
  if (isType && allowed.includes(`types:${to}`)) return undefined;
  return `${file} imports ${target}: no arrow ${from} -> ${to}`;
}

test("imports follow the arrows", () => {
  const found = FILES.flatMap((file) =>
    importsOf(file).flatMap(({ target, isType }) => violation(file, target, isType) ?? []),
  );
  expect(found).toEqual([]);
});

test("the core has no clock, no randomness and no environment", () => {
  const found = FILES.filter((file) => !IMPURE.some((folder) => file.startsWith(folder))).filter((file) =>
    /\b(Math\.random|Date\.now|performance\.now|process\.(env|argv|cwd))\b/.test(
      readFileSync(path.join(root, file), "utf8"),
    ),
  );
  expect(found).toEqual([]);
});

test("a forbidden arrow is found", () => {
  expect(violation("codegen/wgsl/emit.ts", "../../src/ops/index.ts", false)).toContain("no arrow codegen -> src/ops");
  expect(violation("passes/tensor/fuse.ts", "../../codegen/targets.ts", false)).toContain("no arrow passes -> codegen");
  expect(violation("codegen/wgsl/emit.ts", "../../src/ir/type.ts", false)).toContain("no arrow codegen -> src/ir");
  expect(violation("codegen/wgsl/emit.ts", "../../src/ir/type.ts", true)).toBeUndefined();
  expect(violation("src/kernel/ir.ts", "node:fs", false)).toContain("node:fs");
  expect(violation("passes/tensor/fuse.ts", "../../src/ir/ir.ts", false)).toBeUndefined();
});
