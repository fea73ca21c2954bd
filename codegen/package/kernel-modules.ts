/**
 * Kernels as JavaScript modules: texts one file each, equal texts of several profiles once; a binary module of all
 * kernels of a profile in base64, which every bundler and every loader of modules can carry.
 */
import { targetNamed } from "../targets.ts";
import type { ArtifactProfile } from "./artifact.ts";

/** What a module of all kernels is called among the code of a profile. */
export const LINKED_MODULE = "wasm";

export interface KernelModules {
  /** Path in the package to the module's text. */
  readonly files: ReadonlyMap<string, string>;
  /** For each profile, in order: kernel name to path. */
  readonly paths: readonly ReadonlyMap<string, string>[];
}

/** `kernels/<name>.js`, `.wgsl.js` for a text of WGSL; a second one of that name gets its profile's name behind it. */
export function kernelModules(profiles: readonly ArtifactProfile[]): KernelModules {
  const files = new Map<string, string>();
  const byText = new Map<string, string>();
  const paths = profiles.map((profile) => {
    const here = new Map<string, string>();
    const linked = targetNamed(profile.target)?.link?.(profile.program.kernels);
    if (linked !== undefined) {
      const path = `kernels/${profile.name}.wasm.js`;
      files.set(path, `export default "${base64(linked)}";\n`);
      return here.set(LINKED_MODULE, path);
    }
    const ending = profile.target === "js" ? "js" : "wgsl.js";
    for (const [name, text] of profile.code) {
      const module = profile.target === "js" ? functionModule(text) : textModule(text);
      let path = byText.get(module);
      if (path === undefined) {
        const plain = `kernels/${name}.${ending}`;
        path = files.has(plain) ? `kernels/${name}.${profile.name}.${ending}` : plain;
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

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
