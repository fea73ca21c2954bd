/** The npm package of a compiled model. */
export { emitPackage } from "./emit.ts";
export type { Artifact, ArtifactParameter, ArtifactProfile, ArtifactWeightRule } from "./artifact.ts";
