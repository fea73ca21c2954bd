/** `README.md` of the package. */
import type { Artifact } from "./artifact.ts";

export function readmeText(artifact: Artifact): string {
  const { name, model, compiler, context, vocab, parameters, profiles } = artifact;
  const count = parameters.reduce((sum, { dims }) => sum + dims.reduce((product, size) => product * size, 1), 0);
  const rows = profiles.map(({ name: profile, target, program, requires }) => {
    const needs = [...requires.features, ...Object.entries(requires.limits).map(([limit, x]) => `${limit} ${x}`)];
    const peak = Math.max(0, ...program.plans.map((plan) => plan.memory.peak));
    return `| ${profile} | ${target} | ${needs.join(", ") || "nothing special"} | ${program.kernels.length} | ${peak} |`;
  });
  return `# ${name}

${model}: ${count.toLocaleString("en-US")} parameters, vocabulary ${vocab}, context ${context}. Compiled by llmc ${compiler}.

    import { load } from "${name}";
    const model = await load({ weights: "./model.safetensors" });
    for await (const piece of model.generate("Once upon a time", { maxTokens: 100 })) process.stdout.write(piece);
    await model.close();

Browsers with WebGPU need nothing else; in Node, \`npm install webgpu\`. Without \`weights\` and \`tokenizer\` the files
\`model.safetensors\` and \`tokenizer.json\` beside \`index.js\` are read.

| profile | target | needs | kernels | arena bytes |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
