/**
 * Paths of parameters. Inside a `repeat` a path is a template: `layers.{i}.weight`, or `layers.{2*i+1}.weight` where
 * one iteration holds several layers. The names in braces are indices of enclosing repeats.
 */
import { InternalError } from "../support/errors.ts";

const REFERENCE = /\{(?:(\d+)\*)?([A-Za-z_][A-Za-z0-9_]*)(?:\+(\d+))?\}/g;

/** The names of the repeat indices that a path refers to, or undefined where its braces are malformed. */
export function pathIndices(path: string): readonly string[] | undefined {
  const rest = path.replace(REFERENCE, "");
  if (rest.includes("{") || rest.includes("}")) return undefined;
  return [...path.matchAll(REFERENCE)].map((match) => match[2] ?? "");
}

/** One of the paths that a template stands for: that of the first iterations. */
export function firstPath(path: string): string {
  return resolvePath(path, Object.fromEntries((pathIndices(path) ?? []).map((name) => [name, 0])));
}

/** `layers.{2*i+1}.weight` with i = 3 -> `layers.7.weight`. Throws `InternalError` where an index has no value. */
export function resolvePath(path: string, indices: Readonly<Record<string, number>>): string {
  return path.replace(REFERENCE, (whole, factor: string | undefined, name: string, offset: string | undefined) => {
    const index = indices[name];
    if (index === undefined) throw new InternalError(`no value for ${whole} of the parameter path ${path}`);
    return String(Number(factor ?? 1) * index + Number(offset ?? 0));
  });
}
