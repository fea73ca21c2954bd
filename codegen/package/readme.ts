/** `README.md` of the package. */
import type { Artifact } from "./artifact.ts";
import { runsInJavaScript } from "./cuda-files.ts";

export function readmeText(artifact: Artifact): string {
  const { name, model, compiler, context, vocab, parameters, profiles } = artifact;
  const count = parameters.reduce((sum, { dims }) => sum + dims.reduce((product, size) => product * size, 1), 0);
  const rows = profiles.map(({ name: profile, target, program, requires }) => {
    const needs = [...requires.features, ...Object.entries(requires.limits).map(([limit, x]) => `${limit} ${x}`)];
    const peak = Math.max(0, ...program.plans.map((plan) => plan.memory.peak));
    return `| ${profile} | ${target} | ${needs.join(", ") || "nothing special"} | ${program.kernels.length} | ${peak} |`;
  });
  const paragraphs = [
    `# ${name}`,
    `${model}: ${count.toLocaleString("en-US")} parameters, vocabulary ${vocab}, context ${context}. Compiled by llmc ${compiler}.`,
    ...(profiles.some(runsInJavaScript) ? [javaScriptText(name)] : []),
    ...(profiles.every(runsInJavaScript) ? [] : [cudaText(name, profiles.some(runsInJavaScript))]),
    `| profile | target | needs | kernels | arena bytes |
|---|---|---|---|---|
${rows.join("\n")}`,
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function javaScriptText(name: string): string {
  return `    import { load } from "${name}";
    const model = await load({ weights: "./model.safetensors" });
    for await (const piece of model.generate("Once upon a time", { maxTokens: 100 })) process.stdout.write(piece);
    await model.close();

Browsers with WebGPU need nothing else; in Node, \`npm install webgpu\`. Without \`weights\` and \`tokenizer\` the files
\`model.safetensors\` and \`tokenizer.json\` beside \`index.js\` are read.`;
}

function cudaText(name: string, hasOthers: boolean): string {
  const load = hasOthers
    ? "It does not run in JavaScript, where `load` takes another target."
    : "It does not run in JavaScript, where `load` throws an `UnsupportedAdapterError`.";
  return `The target cuda is a C++ program for NVIDIA GPUs, which needs CUDA 11.8 or later and CMake 3.18 or later. In this folder:

    cmake -B build
    cmake --build build
    build/${name} --tokens 1,2,3

prints the ids that follow, from the weights in \`model.safetensors\` (\`--weights FILE\`); \`--help\` lists the options.
\`cuda/kernels.cu\` holds the kernels, \`cuda/plan.cu\` what runs when.
${load}`;
}
