/** `llmc build SOURCE --out DIR`: the npm package, with weights and tokenizer copied beside it if they are there. */
import path from "node:path";
import type { Command } from "commander";
import { CUDA_KERNELS, packageFiles } from "../../driver/artifact.ts";
import type { Compilation } from "../../driver/compile.ts";
import { TARGETS } from "../../driver/profiles.ts";
import { buildFigures } from "../../driver/summary.ts";
import type { BuildFigures } from "../../driver/summary.ts";
import { weightNameRules } from "../../driver/weight-rules.ts";
import { WeightsError } from "../../runtime/errors.ts";
import { matchWeights } from "../../runtime/match-weights.ts";
import type { SafetensorsFile } from "../../runtime/safetensors.ts";
import { defined } from "../../support/errors.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { digestOf } from "../digest.ts";
import { usageError } from "../failure.ts";
import { SOURCE_HELP, compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";
import { chunkNotes, compileSource, computeNotes, entriesNote, wantedEntries } from "../compile-source.ts";
import { checkCuda } from "../cuda-check.ts";
import { refuseForeignFolder, replaceFolder } from "../replace-folder.ts";
import { resolveSource } from "../sources.ts";
import { VERSION } from "../version.ts";

/** With a GPU and without; `js` is on request. */
const DEFAULT_TARGETS: readonly string[] = ["webgpu", "cpu"];

interface BuildFlags extends CompileFlags {
  readonly target?: readonly string[];
  readonly out?: string;
  readonly entries?: readonly string[];
  readonly force?: boolean;
}

export function registerBuild(program: Command, perform: Perform): void {
  const command = program
    .command("build")
    .description("write an npm package that runs the model")
    .argument("<source>", SOURCE_HELP)
    .option("--out <dir>", "folder of the package")
    .option(
      "--target <list>",
      `targets, separated by commas: ${TARGETS.join(", ")} (default: ${DEFAULT_TARGETS.join(",")})`,
      names,
    )
    .option(
      "--entries <list>",
      "what the package can do: generate, forward (default: generate, or forward where the model cannot)",
      names,
    )
    .option("--force", "replace a folder that llmc did not write");
  compileOptions(command).action((given: string, flags: BuildFlags) =>
    perform(async (output) => {
      const start = performance.now();
      const { out } = flags;
      if (out === undefined) throw usageError("--out is missing: the folder of the package");
      const source = resolveSource(given);
      const inputs = [source.path, source.weights, source.tokenizer].filter((file) => file !== undefined);
      const replacing = { force: flags.force === true, inputs };
      refuseForeignFolder(out, replacing);
      const checkpoint = source.weights === undefined ? undefined : await readCheckpoint(source.weights);
      const targets = flags.target ?? (flags.profile === undefined ? DEFAULT_TARGETS : []);
      const compilation = compileSource(source, { ...flags, ...wantedEntries(flags.entries), targets, checkpoint });
      output.diagnostics(compilation.diagnostics, compilation.files);
      const note = entriesNote(compilation);
      if (note !== undefined) output.message(note);
      chunkNotes(compilation).forEach((text) => output.message(text));
      computeNotes(compilation, flags.compute).forEach((text) => output.message(text));
      const name = packageName(out);
      const misfit = checkpoint && weightsMisfit(compilation, checkpoint, source.weights ?? "");
      if (misfit !== undefined) output.message(`warning: the package has no weights: ${misfit}`);
      const copies = new Map<string, string>();
      if (source.weights !== undefined && misfit === undefined) copies.set("model.safetensors", source.weights);
      if (source.tokenizer !== undefined) copies.set("tokenizer.json", source.tokenizer);
      const weights = copies.get("model.safetensors");
      const digest = weights === undefined ? undefined : await digestOf(weights);
      const files = packageFiles(compilation, name, VERSION, [...copies.keys()], digest);
      replaceFolder(out, files, copies, replacing);
      const cuda = files.get(CUDA_KERNELS);
      if (cuda !== undefined) output.message(await checkCuda(cuda, CUDA_KERNELS));
      const total = (performance.now() - start) / 1000;
      const seconds = { total, passes: Object.fromEntries(compilation.seconds) };
      const document = {
        package: out,
        name,
        ...buildFigures(compilation),
        weights: weights !== undefined,
        seconds,
      };
      output.result(document, buildText(document));
    }),
  );
}

type Document = BuildFigures & { readonly package: string; readonly seconds: { readonly total: number } };

function buildText({
  package: folder,
  profiles,
  parameters,
  kernels,
  pipelines,
  memory,
  dispatches,
  seconds,
}: Document): string {
  // prettier-ignore
  return [
    `${folder}: ${profiles.join(", ")}`,
    `${parameters.toLocaleString("en")} parameters, ${kernels} kernels, ${pipelines} pipelines`,
    ...Object.entries(memory).map(([key, { peak, lowerBound }]) => `${key}: ${dispatches[key]?.total} dispatches, peak ${peak} bytes (lower bound ${lowerBound})`), // prettier-ignore
    `${seconds.total.toFixed(2)} s`,
  ].join("\n");
}

/** Why the weights do not fit the model, as they do not after `--set dim=...`; undefined where they do. */
function weightsMisfit(compilation: Compilation, checkpoint: SafetensorsFile, file: string): string | undefined {
  const { parameters, weights } = defined(compilation.model, "a build has a model");
  try {
    matchWeights(checkpoint, file, parameters.map(({ path, dims }) => ({ path, dims, dtype: "f32" })), weightNameRules(weights)); // prettier-ignore
    return undefined;
  } catch (error) {
    if (error instanceof WeightsError) return error.message;
    throw error;
  }
}

/** An npm name from the folder's: lower case, digits and dashes. */
function packageName(folder: string): string {
  const name = path.basename(path.resolve(folder)).toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, ""); // prettier-ignore
  return name === "" ? "model" : name;
}
