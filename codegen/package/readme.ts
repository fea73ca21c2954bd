/** `README.md` of the package. */
import type { Artifact } from "./artifact.ts";
import { abilitiesOf } from "./entries.ts";
import type { EntryText } from "./entries.ts";
import { runsInJavaScript } from "./cuda-files.ts";

export function readmeText(artifact: Artifact): string {
  const { name, model, compiler, context, tokens, parameters, profiles } = artifact;
  const count = parameters.reduce((sum, { dims }) => sum + dims.reduce((product, size) => product * size, 1), 0);
  const rows = profiles.map(({ name: profile, target, program, requires }) => {
    const needs = [...requires.features, ...Object.entries(requires.limits).map(([limit, x]) => `${limit} ${x}`)];
    const peak = Math.max(0, ...program.plans.map((plan) => plan.memory.peak));
    return `| ${profile} | ${target} | ${needs.join(", ") || "nothing special"} | ${program.kernels.length} | ${peak} |`;
  });
  const isJavaScript = profiles.some(runsInJavaScript);
  const paragraphs = [
    `# ${name}`,
    `${model}: ${count.toLocaleString("en-US")} parameters, vocabulary ${tokens}, context ${context}. Compiled by llmc ${compiler}.`,
    ...(isJavaScript ? [javaScriptText(artifact)] : []),
    ...(profiles.every(runsInJavaScript) ? [] : [cudaText(name, isJavaScript)]),
    `| profile | target | needs | kernels | arena bytes |
|---|---|---|---|---|
${rows.join("\n")}`,
    ...(isJavaScript ? [WEIGHTS_AT_A_URL, ...hashesText(artifact), ...isolationText(profiles), BUNDLERS] : []),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function javaScriptText(artifact: Artifact): string {
  const { generates, forward } = abilitiesOf(artifact);
  const uses = [
    ...(generates ? ['for await (const piece of model.generate("Once upon a time", { maxTokens: 100 })) process.stdout.write(piece);'] : []), // prettier-ignore
    ...(forward === undefined ? [] : forwardUse(forward)),
  ];
  return `    import { load } from "${artifact.name}";
    const model = await load({ weights: "./model.safetensors" });
    ${uses.join("\n    ")}
    await model.close();

Browsers with WebGPU need nothing else; in Node, \`npm install webgpu\`. Without \`weights\` and \`tokenizer\` the files
\`model.safetensors\` and \`tokenizer.json\` beside \`index.js\` are read.${forward === undefined ? "" : `\n\n${forwardText(artifact, forward)}`}`;
}

function forwardUse(forward: EntryText): readonly string[] {
  const { arguments: taken, results } = forward;
  if (forward.isText) return [`const ${results[0]?.name ?? "logits"} = await model.forward([1, 2, 3]);`];
  const given = taken.map(({ name }) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)));
  return [`const { ${results.map(({ name }) => name).join(", ")} } = await model.call("forward", { ${given.join(", ")} }, { ${sizesOf(forward).join(", ")} });`]; // prettier-ignore
}

/** What `call` takes, in words. */
function forwardText({ profiles }: Artifact, forward: EntryText): string {
  const list = (of: EntryText["arguments"]): string => of.map(({ name, type }) => `\`${name}: ${type}\``).join(", ");
  const [first] = profiles.flatMap(({ program }) => program.plans.filter(({ entry }) => entry === forward.name));
  const most = sizesOf(forward).map((name) => `${name} ${first?.bucket[name] ?? 1}`);
  return `\`forward\` takes ${list(forward.arguments)} and gives ${list(forward.results)}, row-major; through \`call\` the results
are bytes. Sizes are at most ${most.join(", ")}: \`llmc build --batch\` and \`--chunk\` make room for more.`;
}

function sizesOf({ arguments: taken }: EntryText): readonly string[] {
  return ["B", "T"].filter((name) => taken.some(({ type }) => new RegExp(`\\b${name}\\b`).test(type)));
}

const WEIGHTS_AT_A_URL = `## Weights on a server

    await load({ weights: "https://example.org/model.safetensors", onProgress: ({ stage, loaded, total }) => {} });

The file is read in stretches of 8 MiB. A connection that breaks is taken up again where it broke; what cannot be mended
is a \`DownloadError\`, and another \`load\` goes on from there. What the server should do:

| the server sends | without it |
|---|---|
| \`206\` for requests with \`Range\`, uncompressed | the file comes once, from its start; a break begins it again |
| a strong \`ETag\`, or a \`Last-Modified\` of a minute ago or more | nothing is kept for the next visit |
| from another origin: \`Access-Control-Allow-Origin\` | the page may not read the file |
| \`Access-Control-Allow-Headers: Range\` where a browser asks for it first (\`OPTIONS\`) | that browser may not read the file |
| \`404\` where there is no file | a page in HTML counts as none; other answers are an error |

A link that is signed anew at each visit is another file each time: give the plain URL, and sign it in the option
\`fetch\`.

Stretches are kept as they come, in the Cache API of pages on https or localhost and of their workers; Node keeps nothing.
The next visit asks whether the file has changed, and deletes an old version; offline, a whole copy is used. Without room
the file is read all the same, and the console says so. \`load({ cache: false })\` keeps nothing, \`clearCache(url)\`
deletes one file, \`clearCache()\` all that packages of llmc keep on this origin (caches named \`llmc-file URL SIZE VERSION\`).
A browser that runs out of disk deletes them too, unless \`navigator.storage.persist()\` was granted.`;

/** Of packages that know their weights. */
function hashesText({ weightsDigest }: Artifact): readonly string[] {
  if (weightsDigest === undefined) return [];
  return [
    `This package knows the SHA-256 of each stretch of its own \`model.safetensors\`, the file that \`load\` reads without
\`weights\`. Where a page is on https or localhost, a stretch that differs is fetched once more and is then a
\`DownloadError\`; a file of another size is one at once. What is right is kept by its hash (in caches named
\`llmc-file URL sha256\`): it is shared with other URLs and builds, and once it is whole, the server is not asked again,
whatever \`ETag\` it sends. A file at a URL that you give, fine-tuned weights say, is not held to these hashes.`,
  ];
}

/** Of pages, for targets with threads. */
function isolationText(profiles: Artifact["profiles"]): readonly string[] {
  if (!profiles.some(({ target }) => target === "cpu")) return [];
  return [
    `## Threads in a browser

WebAssembly has more than one thread in pages that are isolated from other origins, that is, sent with

    Cross-Origin-Opener-Policy: same-origin
    Cross-Origin-Embedder-Policy: require-corp

What such a page takes from other origins must allow it: with \`Access-Control-Allow-Origin\`, as above, or, images say,
with \`Cross-Origin-Resource-Policy: cross-origin\`.`,
  ];
}

const BUNDLERS = `## Bundlers

Vite and webpack 5 need no plugin: profiles are loaded on demand, and the files in the package become assets. Vite puts a
worker that uses the package into one file, all profiles included, unless its configuration says
\`worker: { format: "es" }\`. A package that was built without weights has none to bundle: give \`weights\` and
\`tokenizer\`.`;

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
