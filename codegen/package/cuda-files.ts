/**
 * What a package holds for the target `cuda`: the kernels as one unit, the plan, the driver's sources, which are the same
 * for every model, and a `CMakeLists.txt` that builds them. None of it runs in JavaScript.
 */
import { cmakeText } from "../cuda/cmake.ts";
import { emitCudaPlan } from "../cuda/plan-unit.ts";
import { emitCudaUnit } from "../cuda/emit.ts";
import type { Artifact, ArtifactProfile } from "./artifact.ts";

/** The file of the kernels. */
export const CUDA_KERNELS = "cuda/kernels.cu";

/** The folders and files that `npm pack` must take along. */
export const CUDA_PATHS: readonly string[] = ["CMakeLists.txt", "cuda"];

/** Whether JavaScript runs a profile; the others are sources for another compiler. */
export function runsInJavaScript({ target }: ArtifactProfile): boolean {
  return target !== "cuda";
}

/** The files by path; none where no profile is for `cuda`. The driver is that of the first one. */
export function cudaFiles(artifact: Artifact): ReadonlyMap<string, string> {
  const profile = artifact.profiles.find(({ target }) => target === "cuda");
  if (profile === undefined) return new Map();
  const { name, model, compiler } = artifact;
  const header = `// The kernels of ${model} for the profile ${profile.name}, compiled by llmc ${compiler}.\n`;
  return new Map([
    ["CMakeLists.txt", cmakeText(name)],
    [CUDA_KERNELS, header + emitCudaUnit(profile.program.kernels)],
    ["cuda/plan.cu", emitCudaPlan(artifact, profile.program)],
    ...Object.entries(artifact.cudaDriver).map(([file, text]) => [`cuda/${file}`, text] as const),
  ]);
}
