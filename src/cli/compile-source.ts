/** Compiles as the flags say, and turns what cannot be into a failure with its exit code. */
import { COMPUTE_TYPES, compile } from "../driver/compile.ts";
import { PASS_NAMES } from "../driver/steps.ts";
import type { Compilation, CompileOptions, Entry } from "../driver/compile.ts";
import { chooseProfiles } from "../driver/profiles.ts";
import { unknownName } from "../support/suggest.ts";
import type { DType } from "../ir/type.ts";
import type { SafetensorsFile } from "../runtime/safetensors.ts";
import { CommandFailure, usageError } from "./failure.ts";
import type { CompileFlags } from "./options.ts";
import { parseSettings } from "./sources.ts";
import type { Source } from "./sources.ts";

export interface TimedCompilation extends Compilation {
  /** Seconds of each pass, over all profiles. */
  readonly seconds: ReadonlyMap<string, number>;
}

export interface CompileRequest extends CompileFlags {
  readonly targets: readonly string[];
  readonly entries: readonly string[];
  /** What is built where the model cannot generate; without it that is an error. */
  readonly orElse?: readonly Entry[];
  readonly taps?: boolean;
  readonly texts?: boolean;
  /** The last step to run; there are no builds then, only traces. */
  readonly until?: string;
  /** Hears what fuse decides. */
  readonly decided?: CompileOptions["decided"];
  /** The header of the weights that the build is for. */
  readonly checkpoint?: SafetensorsFile;
}

const ENTRIES: readonly string[] = ["forward", "generate"] satisfies readonly Entry[];
const STORAGES = ["f32", "f16", "bf16"] as const satisfies readonly DType[];

/** A compilation with at least one build, or trace where it goes only `until` a step; throws `CommandFailure` (1 for the source, 2 for names, 4 for limits). */
export function compileSource({ file, model, settings }: Source, request: CompileRequest): TimedCompilation {
  const options = optionsOf(request);
  const compilation = compile(file, { ...options, set: { ...settings, ...options.set }, model });
  if (compilation.builds.length + compilation.traces.length === 0) {
    const isLimit = compilation.diagnostics.some((d) => d.severity === "error" && d.code.startsWith("LLM04"));
    const message = isLimit ? "no profile can hold the model" : `${file.path} has errors`;
    throw new CommandFailure(isLimit ? 4 : 1, isLimit ? "limit" : "source", message, compilation.diagnostics, compilation.files); // prettier-ignore
  }
  const seconds = new Map<string, number>();
  for (const { pass, seconds: spent } of compilation.builds.flatMap((build) => build.records))
    seconds.set(pass, (seconds.get(pass) ?? 0) + (spent ?? 0));
  return { ...compilation, seconds };
}

export function optionsOf(request: CompileRequest): CompileOptions {
  const profiles = chooseProfiles(request.targets, request.profile);
  if (typeof profiles === "string") throw usageError(profiles);
  const { passes } = request;
  return {
    profiles,
    entries: request.entries.map(entryNamed),
    orElse: request.orElse,
    set: parseSettings(request.set),
    storage: storageOf(request.storage),
    compute: oneOf("--compute", COMPUTE_TYPES, request.compute),
    checkpoint: request.checkpoint,
    taps: request.taps,
    batch: request.batch,
    chunk: request.chunk,
    context: request.context,
    memoryBudget: request.memoryBudget,
    off: passesOff(passes ?? ""),
    texts: request.texts,
    until: request.until,
    decided: request.decided,
    clock: () => performance.now() / 1000,
  };
}

/** The entries of `--entries`; without it generation, or `forward` alone where the model cannot generate. */
export function wantedEntries(given: readonly string[] | undefined): Pick<CompileRequest, "entries" | "orElse"> {
  return given === undefined ? { entries: ["generate"], orElse: ["forward"] } : { entries: given };
}

/** What a person is told where nobody named the entries and generation is not among them; undefined where it is. */
export function entriesNote({ noGeneration }: Compilation): string | undefined {
  if (noGeneration === undefined) return undefined;
  return `note: the build has only \`forward\`: ${noGeneration} (--entries generate shows where)`;
}

/** What a person is told of profiles whose limits, or the memory budget, made the chunk smaller than it is by default. */
export function chunkNotes({ builds, capacities }: Compilation): readonly string[] {
  return builds
    .filter((build) => build.capacities.T < capacities.T)
    .map(({ profile, capacities: { T } }) => {
      const tokens = T === 1 ? "one token" : `${T} tokens`;
      return `note: ${profile.name} takes ${tokens} a step: ${capacities.T} do not fit (--chunk ${capacities.T} shows where)`;
    });
}

/** What a person who asked for another type to compute in is told of profiles that lack it. */
export function computeNotes({ builds }: Compilation, compute: string | undefined): readonly string[] {
  if (compute === undefined || compute === "f32") return [];
  const without = builds.filter(({ profile }) => !profile.hasF16).map(({ profile }) => profile.name);
  return without.length === 0 ? [] : [`note: ${without.join(", ")} ${without.length === 1 ? "computes" : "compute"} in f32: no ${compute} there`]; // prettier-ignore
}

function entryNamed(name: string): Entry {
  if (name === "forward" || name === "generate") return name;
  throw usageError(`--entries takes ${ENTRIES.join(", ")}, not \`${name}\``);
}

/** The type of weights in memory that `--storage` names. */
export function storageOf(name: string | undefined): (typeof STORAGES)[number] | undefined {
  return oneOf("--storage", STORAGES, name);
}

/** What an option names among `known`. */
function oneOf<W extends string>(option: string, known: readonly W[], name: string | undefined): W | undefined {
  const found = known.find((each) => each === name);
  if (name === undefined || found !== undefined) return found;
  throw usageError(`${option} is one of ${known.join(", ")}, not \`${name}\``);
}

/** `-fuse,-memory-plan` */
function passesOff(list: string): readonly string[] {
  const given = list.split(",").filter((name) => name !== "");
  const malformed = given.find((name) => !name.startsWith("-"));
  if (malformed !== undefined) throw usageError(`--passes takes names with a minus, like -fuse, not \`${malformed}\``);
  const off = given.map((name) => name.slice(1));
  const unknown = off.find((name) => !PASS_NAMES.includes(name));
  if (unknown !== undefined) throw usageError(unknownName("pass", unknown, PASS_NAMES));
  return off;
}
