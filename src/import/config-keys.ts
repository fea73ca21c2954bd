/**
 * The keys of a config.json, read by name and type. Each key must end up used or known to be irrelevant; what is left
 * over is reported, because a key nobody knows may change the result.
 */
import type { Diagnostic } from "../support/diagnostic.ts";
import { diagnostic } from "../support/diagnostic.ts";
import type { DiagnosticCode } from "../support/diagnostic-catalogue.ts";
import type { SourceFile, Span } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import { nearest } from "../support/suggest.ts";
import type { StrictJson as Json } from "../runtime/strict-json.ts";

export type JsonObject = ReadonlyMap<string, Json>;

export function isJsonObject(json: Json | undefined): json is JsonObject {
  return json instanceof Map;
}

/** The value as JSON text, without spaces. */
export function jsonText(json: Json): string {
  if (json instanceof Map)
    return `{${[...(json as JsonObject)].map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(",")}}`;
  if (Array.isArray(json)) return `[${(json as readonly Json[]).map(jsonText).join(",")}]`;
  return JSON.stringify(json);
}

export class ConfigKeys {
  readonly diagnostics: Diagnostic[] = [];
  private readonly used = new Set<string>();

  /** `prefix` is the path of a nested object: `rope_scaling`. */
  constructor(
    private readonly json: JsonObject,
    private readonly file: SourceFile,
    private readonly places: ReadonlyMap<string, Span>,
    private readonly prefix = "",
  ) {}

  /** Whether the key is there and not null. Marks it as used. */
  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  /** The value as it is; null counts as absent, as it does in the published code. Marks the key as used. */
  raw(key: string): Json | undefined {
    this.used.add(key);
    return this.json.get(key) ?? undefined;
  }

  /** An integer of at least `least`. */
  int(key: string, otherwise?: number, least = 1): number | undefined {
    return this.typed(
      key,
      otherwise,
      `an integer of at least ${least}`,
      (value): value is number => typeof value === "number" && Number.isInteger(value) && value >= least,
    );
  }

  float(key: string, otherwise?: number): number | undefined {
    return this.typed(key, otherwise, "a number", (value): value is number => typeof value === "number");
  }

  bool(key: string, otherwise?: boolean): boolean | undefined {
    return this.typed(key, otherwise, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  word(key: string, otherwise?: string): string | undefined {
    return this.typed(key, otherwise, "a text", (value): value is string => typeof value === "string");
  }

  /** One id or a list of them, as a list. */
  ids(key: string): readonly number[] {
    const isId = (value: Json): boolean => typeof value === "number" && Number.isInteger(value) && value >= 0;
    const found = this.typed(key, -1, "a token id or a list of them", (value): value is number | readonly number[] =>
      Array.isArray(value) ? value.every(isId) : isId(value),
    );
    if (found === undefined || found === -1) return [];
    return typeof found === "number" ? [found] : found;
  }

  /** A nested object with keys of its own, or undefined where it is absent. */
  nested(key: string): ConfigKeys | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (isJsonObject(value)) return new ConfigKeys(value, this.file, this.places, this.path(key));
    this.report("LLM0313", key, `\`${this.path(key)}\` must be an object`);
    return undefined;
  }

  /** Refuses a value that changes the result and is not supported. */
  refuse(key: string, why: string): void {
    this.used.add(key);
    this.report(
      "LLM0311",
      key,
      `\`${this.path(key)}\` = ${jsonText(this.json.get(key) ?? null)} is not supported`,
      why,
    );
  }

  /** Refuses the key unless it is absent, null or one of `allowed`, which are JSON texts. */
  allow(key: string, allowed: readonly string[], why: string): void {
    const value = this.raw(key);
    if (value !== undefined && !allowed.some((each) => each === jsonText(value))) this.refuse(key, why);
  }

  /** Reports what nobody used; `irrelevant` are the keys that change nothing here, with the reason. */
  finish(irrelevant: Readonly<Record<string, string>>): void {
    const known = [...this.used, ...Object.keys(irrelevant)];
    for (const key of this.json.keys()) {
      if (this.used.has(key) || Object.hasOwn(irrelevant, key)) continue;
      const near = nearest(key, known);
      this.report("LLM0312", key, `the key \`${this.path(key)}\` is not known`, near && `did you mean \`${near}\`?`);
    }
  }

  private typed<V extends Json>(
    key: string,
    otherwise: V | undefined,
    wanted: string,
    fits: (value: Json) => value is V,
  ): V | undefined {
    const value = this.raw(key);
    if (value === undefined) {
      if (otherwise === undefined) this.report("LLM0313", key, `the key \`${this.path(key)}\` is missing`);
      return otherwise;
    }
    if (fits(value)) return value;
    this.report("LLM0313", key, `\`${this.path(key)}\` must be ${wanted}, and is ${jsonText(value)}`);
    return undefined;
  }

  private path(key: string): string {
    return this.prefix === "" ? key : `${this.prefix}.${key}`;
  }

  private report(code: DiagnosticCode, key: string, message: string, help?: string): void {
    const span = this.places.get(this.path(key)) ?? this.places.get(this.prefix);
    const loc = locOf(span ?? { file: this.file, start: 0, end: 0 });
    this.diagnostics.push(diagnostic(code, message, { loc, ...(help === undefined ? {} : { help }) }));
  }
}
