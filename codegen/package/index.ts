/** The npm package of a compiled model. */
export { emitPackage } from "./emit.ts";
export { LINKED_MODULE } from "./kernel-modules.ts";
export type { Artifact, ArtifactParameter, ArtifactProfile } from "./artifact.ts";
