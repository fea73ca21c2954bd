/** `llmc build SOURCE --out DIR`: the npm package, with weights and tokenizer copied beside it if they are there. */
import path from "node:path";
import type { Command } from "commander";
import { packageFiles } from "../../driver/artifact.ts";
import { byPlan, dispatchesOf, memoryOf } from "../../driver/summary.ts";
import { replaceFolder } from "../files.ts";
import { compileOptions, names } from "../options.ts";
import type { CompileFlags } from "../options.ts";
import type { Perform } from "../program.ts";
import { compileSource } from "../compile-source.ts";
import { resolveSource } from "../sources.ts";
import { VERSION } from "../version.ts";

interface BuildFlags extends CompileFlags {
  readonly target: readonly string[];
  readonly out: string;
  readonly entries: readonly string[];
  readonly force?: boolean;
}

export function registerBuild(program: Command, perform: Perform): void {
  const command = program
    .command("build")
    .description("write an npm package that runs the model")
    .argument("<source>", "a .llm file, a folder with one, or a checkpoint folder")
    .requiredOption("--out <dir>", "folder of the package")
    .option("--target <list>", "targets, separated by commas", names, ["webgpu"])
    .option("--entries <list>", "what the package can do: generate, forward", names, ["generate"])
    .option("--force", "replace a folder that llmc did not write");
  compileOptions(command).action((given: string, flags: BuildFlags) =>
    perform(async (output) => {
      const start = performance.now();
      const source = resolveSource(given);
      const compilation = compileSource(source.file, { ...flags, targets: flags.target, entries: flags.entries });
      output.diagnostics(compilation.diagnostics, compilation.files);
      const name = packageName(flags.out);
      const files = packageFiles(compilation, name, VERSION);
      const copies = new Map<string, string>();
      if (source.weights !== undefined) copies.set("model.safetensors", source.weights);
      if (source.tokenizer !== undefined) copies.set("tokenizer.json", source.tokenizer);
      replaceFolder(flags.out, files, copies, flags.force === true);
      const total = (performance.now() - start) / 1000;
      const [first] = compilation.builds;
      const program = first?.program;
      const parameters =
        compilation.model?.parameters.reduce((sum, p) => sum + p.dims.reduce((a, b) => a * b, 1), 0) ?? 0;
      const document = {
        package: flags.out,
        name,
        targets: [...new Set(compilation.builds.map((build) => build.profile.target))],
        profiles: compilation.builds.map((build) => build.profile.name),
        parameters,
        kernels: program?.kernels.length ?? 0,
        pipelines: new Set(first?.code.values()).size,
        dispatches: program === undefined ? {} : byPlan(program, dispatchesOf),
        memory: program === undefined ? {} : byPlan(program, memoryOf),
        seconds: { total, passes: Object.fromEntries(compilation.seconds) },
      };
      const text = [
        `${flags.out}: ${document.profiles.join(", ")}`,
        `${parameters.toLocaleString("en")} parameters, ${document.kernels} kernels, ${document.pipelines} pipelines`,
        ...Object.entries(document.memory).map(([key, { peak, lowerBound }]) => `${key}: ${document.dispatches[key]?.total} dispatches, peak ${peak} bytes (lower bound ${lowerBound})`), // prettier-ignore
        `${total.toFixed(2)} s`,
      ].join("\n");
      output.result(document, text);
    }),
  );
}

/** An npm name from the folder's: lower case, digits and dashes. */
function packageName(folder: string): string {
  const name = path.basename(path.resolve(folder)).toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, ""); // prettier-ignore
  return name === "" ? "model" : name;
}
