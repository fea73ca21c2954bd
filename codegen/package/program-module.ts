/** One profile as a module: its kernels by name and the compact plan. Imported when the profile is chosen. */
import { manifestOf } from "../../src/plan/manifest.ts";
import type { ArtifactProfile } from "./artifact.ts";

/** `paths`: kernel name to the module that holds its text, from the root of the package. */
export function programModule(profile: ArtifactProfile, paths: ReadonlyMap<string, string>): string {
  const used = [...new Set(paths.values())];
  const imports = used.map((path, i) => `import k${i} from "../${path}";`);
  const entries = [...paths].map(([name, path]) => `  ${JSON.stringify(name)}: k${used.indexOf(path)},`);
  const manifest = manifestOf(profile.program);
  const listed = Object.entries(manifest).map(([key, value]) => `  ${JSON.stringify(key)}: ${rows(value)},`);
  return [
    `// The plan of the profile ${profile.name}: what runs when, and where bytes lie.`,
    ...imports,
    "",
    `export const kernels = {\n${entries.join("\n")}\n};`,
    "",
    `export const program = {\n${listed.join("\n")}\n};`,
    "",
  ].join("\n");
}

/** A list with one item a line. */
function rows(value: readonly unknown[]): string {
  return `[\n${value.map((item) => `    ${JSON.stringify(item)},`).join("\n")}\n  ]`;
}
