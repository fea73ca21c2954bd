/**
 * `plan.cu`: a program's buffers, rules and constants as tables, and each plan as a function of one launch a line. Its
 * types are in `driver/plan.h`. It includes the kernels, so that the C++ compiler checks every launch against them.
 */
import type { Scalar } from "../../src/kernel/ir.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import type { GridFactors, ManifestBuffer, ManifestPlan, ManifestRange, ManifestStep, ProgramManifest, SizeTerms } from "../../src/plan/manifest.ts"; // prettier-ignore
import type { Program } from "../../src/plan/ir.ts";
import type { WeightNameRule } from "../../src/runtime/weight-names.ts";
import { InternalError, assertNever, defined } from "../../src/support/errors.ts";
import { TextWriter } from "../../src/support/text/writer.ts";
import { distinctNames } from "../text/memory-names.ts";
import { isReserved, kernelName } from "./names.ts";
import { literalText } from "./types.ts";

/** What the driver knows about a model beside its program. */
export interface ModelData {
  /** As the source calls it. */
  readonly model: string;
  readonly compiler: string;
  readonly vocab: number;
  readonly context: number;
  readonly eos: readonly number[];
  readonly weightRules: readonly WeightNameRule[];
}

/** The sizes of `struct Sizes`. */
const SIZES = ["B", "T", "S"] as const;

/** Words of `plan.cu` itself, which no buffer may be called. */
const OWN_WORDS = ["on", "sizes", "at", "blocks", "part", "llm", "std", "model", "describeModel", "Buffers", "Launcher", "Sizes", "Model", "Plan", "Rule", "Type", "Constant", "RuleKind", ...SIZES]; // prettier-ignore

export function emitCudaPlan(data: ModelData, program: Program): string {
  const manifest = manifestOf(program);
  const names = bufferNames(manifest.buffers);
  const out = new TextWriter();
  out.line(`// ${data.model} for the profile ${program.profile}, compiled by llmc ${data.compiler}: its buffers, what fills them, and`); // prettier-ignore
  out.line("// what runs when. Generated; plan.h says what the tables mean.");
  out.line('#include "kernels.cu"').line().line('#include "plan.h"').line();
  out.line("namespace llm {").line("namespace {").line();
  out.line("// The buffers by name, in the order of the table below.");
  out.braces("enum Buffers : int", () => names.forEach((name) => out.line(`${name},`)), ";");
  manifest.plans.forEach((plan, i) => {
    const loops = defined(program.plans[i], "a manifest has the program's plans").steps.map(({ loop }) => loop);
    writePlan(out.line(), plan, loops, manifest, names);
  });
  out.line().line("}  // namespace").line();
  out.braces("Model describeModel()", () => writeModel(out, data, manifest, names));
  return out.line().line("}  // namespace llm").toString();
}

/** A distinct identifier for each buffer. */
function bufferNames(buffers: readonly ManifestBuffer[]): readonly string[] {
  const wanted = buffers.map(({ name }) => ({ name: name.replace(/\W+/g, "_").replace(/^(?=\d)/, "v"), suffix: "buffer" })); // prettier-ignore
  return distinctNames(wanted, (name) => isReserved(name) || OWN_WORDS.includes(name));
}

type Loop = Program["plans"][number]["steps"][number]["loop"];

/** The function that launches a plan's kernels. */
function writePlan(
  out: TextWriter,
  plan: ManifestPlan,
  loops: readonly Loop[],
  manifest: ProgramManifest,
  names: readonly string[],
): void {
  const launches = plan.steps.map((step) => launchText(step, manifest, names));
  const used = SIZES.filter((name) => launches.some((text) => new RegExp(`\\b${name}\\b`).test(text)));
  const parameter = used.length === 0 ? "const Sizes&" : "const Sizes& sizes";
  out.braces(`void run_${plan.entry}(const Launcher& on, ${parameter})`, () => {
    for (const name of used) out.line(`const std::int64_t ${name} = sizes.${name};`);
    let place = "";
    launches.forEach((text, i) => {
      const loop = loops[i];
      const here = loop === undefined ? "" : `${loop.index} = ${loop.i}`;
      if (here !== place) out.line(here === "" ? "" : `// ${here}`);
      place = here;
      out.line(text);
    });
  });
}

function launchText(
  [kernelIndex, grid, bindings, values, part]: ManifestStep,
  manifest: ProgramManifest,
  names: readonly string[],
): string {
  const kernel = defined(manifest.kernels[kernelIndex], "a step names a kernel");
  const factors = defined(manifest.grids[grid], "a step names a grid");
  const places = bindings.map((range) => placeText(defined(manifest.ranges[range], "a binding names a range"), names));
  const scalars = [
    ...kernel.call.map(({ name }) => sizeName(name)),
    ...kernel.launch.map(({ type }, i) => scalarText(values[i] ?? 0, type)),
  ];
  const counts = factors.map((extent, axis) => {
    const text = factorsText(extent);
    return part?.[0] === axis ? `part(${text}, ${part[1]}, ${part[2]})` : text;
  });
  const extents = [extentText(counts), extentText(kernel.workgroup.map(String))];
  return `on.launch(${[`::${kernelName(kernel.name)}`, ...extents, ...places, ...scalars].join(", ")});`;
}

function placeText([buffer, offset]: ManifestRange, names: readonly string[]): string {
  const name = defined(names[buffer], "a range names a buffer");
  return offset === 0 ? name : `at(${name}, ${offset})`;
}

/** `{x}`, `{x, y}`: ones at the end are left out. */
function extentText(sizes: readonly string[]): string {
  const last = sizes.findLastIndex((size) => size !== "1");
  return `{${sizes.slice(0, Math.max(1, last + 1)).join(", ")}}`;
}

function factorsText(factors: GridFactors): string {
  const texts = factors.map(([size, per]) => {
    const constant = constantOf(size);
    if (constant !== undefined) return String(Math.ceil(constant / per));
    if (per !== 1) return `blocks(${sizeText(size)}, ${per})`;
    return factors.length > 1 && size.length > 1 ? `(${sizeText(size)})` : sizeText(size);
  });
  const others = texts.filter((text) => text !== "1");
  return others.length === 0 ? "1" : others.join(" * ");
}

function constantOf(size: SizeTerms): number | undefined {
  if (size.some((term) => term.length > 1)) return undefined;
  return size.reduce((sum, [coefficient]) => sum + coefficient, 0);
}

function sizeText(size: SizeTerms): string {
  return size
    .map(([coefficient, ...symbols]) => {
      const factors = symbols.map(sizeName);
      return (coefficient === 1 && factors.length > 0 ? factors : [coefficient, ...factors]).join(" * ");
    })
    .join(" + ");
}

function sizeName(name: string): string {
  if (!(SIZES as readonly string[]).includes(name)) throw new InternalError(`the driver knows no size ${name}`);
  return name;
}

function scalarText(value: number, scalar: Scalar): string {
  return literalText(value, { scalar: scalar === "f16" ? "f32" : scalar, lanes: 1 });
}

/** The body of `describeModel`. */
function writeModel(out: TextWriter, data: ModelData, manifest: ProgramManifest, names: readonly string[]): void {
  const { buffers, plans } = manifest;
  const numbered = buffers.map((buffer, i) => ({ buffer, name: names[i] ?? "" }));
  out.line("Model model{};");
  out.line(`model.name = ${JSON.stringify(data.model)};`);
  out.line(`model.vocabulary = ${data.vocab};`);
  out.line(`model.context = ${data.context};`);
  out.line(`model.eos = {${data.eos.join(", ")}};`);
  const table = (name: string, rows: readonly string[]): void => {
    if (rows.length > 0) out.braces(`model.${name} =`, () => rows.forEach((row) => out.line(`${row},`)), ";");
  };
  table("buffers", buffers.map(({ name, bytes }) => `{${textOf(name)}, ${bytes}}`)); // prettier-ignore
  table("weights", numbered.flatMap(({ buffer, name }) => (buffer.kind === "weight" ? [weightText(buffer, name)] : []))); // prettier-ignore
  table("constants", numbered.flatMap(({ buffer, name }) => (buffer.fill === undefined ? [] : [constantText(buffer.fill, name)]))); // prettier-ignore
  table("rules", data.weightRules.map(ruleText));
  out.braces("model.plans =", () => plans.forEach((plan) => writePlanRow(out, plan, names)), ";");
  out.line("return model;");
}

function weightText({ path, name: buffer, dtype, dims, isFinite, layout }: ManifestBuffer, name: string): string {
  const fields = [name, textOf(path ?? buffer), `Type::${dtype ?? "f32"}`, `{${(dims ?? []).join(", ")}}`];
  if (isFinite === true || layout !== undefined) fields.push(String(isFinite === true));
  if (layout !== undefined) fields.push(`{${layout.tile.join(", ")}}`, `{${layout.order.join(", ")}}`);
  return `{${fields.join(", ")}}`;
}

function constantText(fill: NonNullable<ManifestBuffer["fill"]>, name: string): string {
  switch (fill.kind) {
    case "data":
      return `{${name}, Type::${fill.dtype === "bool" ? "u32" : fill.dtype}, {${fill.values.map(doubleText).join(", ")}}}`;
    case "angles":
      return `{${name}, Type::f32, {${fill.frequencies.map(doubleText).join(", ")}}, ${fill.rows}, ${doubleText(fill.scale)}}`;
    default:
      return assertNever(fill);
  }
}

function ruleText(rule: WeightNameRule): string {
  const row = (published: string, path = "", index = ""): string =>
    `{RuleKind::${rule.kind}, ${textOf(published)}, ${textOf(path)}, ${textOf(index)}}`;
  switch (rule.kind) {
    case "rename":
    case "tied":
      return row(rule.published, rule.path);
    case "stack":
      return row(rule.published, rule.path, rule.index);
    case "optional_prefix":
      return row(rule.prefix);
    case "ignore":
      return row(rule.pattern);
    default:
      return assertNever(rule);
  }
}

/** A row of several lines: an argument a line. */
function writePlanRow(
  out: TextWriter,
  { entry, bucket, inputs, outputs }: ManifestPlan,
  names: readonly string[],
): void {
  const list = (ranges: Readonly<Record<string, ManifestRange>>, end: string): void => {
    out.line("{");
    out.indented(() => {
      for (const [name, [buffer, offset, bytes]] of Object.entries(ranges))
        out.line(
          `{${textOf(name)}, {${[names[buffer] ?? "", ...(offset === 0 ? [] : [offset])].join(", ")}}, ${bytes}},`,
        );
    });
    out.line(`}${end}`);
  };
  out.line(`{${textOf(entry)}, ${bucket["B"] ?? 1}, ${bucket["T"] ?? 1}, run_${entry},`);
  out.indented(() => {
    list(inputs, ",");
    list(outputs, "},");
  });
}

/** A text as C++ reads it. */
function textOf(text: string): string {
  const octal = (c: string): string => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`;
  return `"${text.replace(/["\\]/g, "\\$&").replace(/[^ -~\u0080-\uffff]/g, octal)}"`;
}

/** The shortest text that reads back as this double. */
function doubleText(x: number): string {
  if (Number.isNaN(x)) return "NAN";
  if (!Number.isFinite(x)) return x < 0 ? "-INFINITY" : "INFINITY";
  if (Object.is(x, -0)) return "-0.0";
  const text = String(x);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
