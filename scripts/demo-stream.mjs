/** The second half of the demo: `node demo-stream.mjs PACKAGE PROMPT` loads a generated package and streams text. */
import { pathToFileURL } from "node:url";
import path from "node:path";

const [folder, prompt] = process.argv.slice(2);
const { load } = await import(pathToFileURL(path.join(folder, "index.js")).href);
const model = await load({ target: process.env.LLMC_TARGET });
try {
  const { adapter, profile } = model.device;
  process.stdout.write(`running on    ${adapter} (${profile})\n\n`);
  process.stdout.write(prompt);
  const generation = model.generate(prompt, { maxTokens: 120, temperature: 0.7, topK: 40, seed: 1851 });
  for await (const piece of generation) process.stdout.write(piece);
  const { tokens, prefillSeconds, decodeSeconds } = generation;
  const rate = (tokens.length - 1) / decodeSeconds;
  process.stdout.write(`\n\n${tokens.length} tokens: the first after ${(prefillSeconds * 1000).toFixed(0)} ms, then ${rate.toFixed(0)} a second\n`); // prettier-ignore
} finally {
  await model.close();
}
