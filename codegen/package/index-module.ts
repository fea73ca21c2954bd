/** `index.js` of the package: the model's facts, the profiles in order, and `load`. */
import type { Artifact, ArtifactProfile } from "./artifact.ts";
import { runsInJavaScript } from "./cuda-files.ts";
import { ERRORS } from "./types-module.ts";

export function indexModule(artifact: Artifact): string {
  const { model, compiler, config, context, vocab, tokens, eos, weightRules, parameters, profiles } = artifact;
  return `// ${model}, compiled by llmc ${compiler}. Types and documentation are in index.d.ts and runtime.d.ts.
import { loadModel } from "./runtime.js";

export { clearCache, ${ERRORS.join(", ")} } from "./runtime.js";

export const config = Object.freeze(${JSON.stringify(config, null, 2)});

export const facts = Object.freeze(${JSON.stringify({ name: model, vocab, tokens, context, eos }, null, 2)});

export const parameters = Object.freeze([
${parameters.map((parameter) => `  ${JSON.stringify(parameter)},`).join("\n")}
]);

const data = {
  facts,
  weightRules: ${JSON.stringify(weightRules, null, 2)},
  profiles: [
${profiles.map(profileText).join("\n")}
  ],
  weights: ${besideText("model.safetensors", artifact)},
${digestText(artifact)}  tokenizer: ${besideText("tokenizer.json", artifact)},
};

export function load(options) {
  return loadModel(data, options);
}
`;
}

function digestText({ weightsDigest }: Artifact): string {
  return weightsDigest === undefined ? "" : `  weightsDigest: ${JSON.stringify(weightsDigest)},\n`;
}

/** A file beside the module. webpack refuses a package that lacks one, unless it is told to look away. */
function besideText(file: string, { beside }: Artifact): string {
  const aside = beside.includes(file) ? "" : "/* webpackIgnore: true */ ";
  return `new URL(${aside}"./${file}", import.meta.url)`;
}

function profileText(profile: ArtifactProfile): string {
  const { name, target, requires } = profile;
  const facts = JSON.stringify({ name, target, requires }).slice(1, -1);
  // Chosen by nobody: opening a device refuses it with a reason.
  const load = runsInJavaScript(profile) ? `import("./profiles/${name}.js")` : "Promise.reject()";
  return `    { ${facts}, load: () => ${load} },`;
}
