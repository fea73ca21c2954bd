/** Kernel texts as JavaScript modules: one file each, equal texts of several profiles once. */
import type { ArtifactProfile } from "./artifact.ts";

export interface KernelModules {
  /** Path in the package to the module's text. */
  readonly files: ReadonlyMap<string, string>;
  /** For each profile, in order: kernel name to path. */
  readonly paths: readonly ReadonlyMap<string, string>[];
}

/** `kernels/<name>.js`; a second text of that name gets its profile's name behind it. */
export function kernelModules(profiles: readonly ArtifactProfile[]): KernelModules {
  const files = new Map<string, string>();
  const byText = new Map<string, string>();
  const paths = profiles.map((profile) => {
    const here = new Map<string, string>();
    for (const [name, text] of profile.code) {
      const module = profile.target === "js" ? functionModule(text) : textModule(text);
      let path = byText.get(module);
      if (path === undefined) {
        const plain = `kernels/${name}.js`;
        path = files.has(plain) ? `kernels/${name}.${profile.name}.js` : plain;
        files.set(path, module);
        byText.set(module, path);
      }
      here.set(name, path);
    }
    return here;
  });
  return { files, paths };
}

function textModule(text: string): string {
  const escaped = text.replace(/[\\`]|\$\{/g, (found) => `\\${found}`);
  return `export default /* wgsl */ \`${escaped}\`;\n`;
}

function functionModule(text: string): string {
  return `export default ${text.trimEnd().replace(/;$/, "")};\n`;
}
