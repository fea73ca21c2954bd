/** What a plan says of its entry: the largest sizes that it serves, and where arguments and results lie, by name. */
import type { Func } from "../../src/ir/ir.ts";
import { elementCount } from "../../src/ir/type.ts";
import type { Range } from "../../src/plan/ir.ts";
import { defined } from "../../src/support/errors.ts";
import { rangeOf } from "./place.ts";
import type { Place } from "./place.ts";

/** The symbols that the function's types mention, with their capacities. */
export function bucketOf(func: Func, capacities: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const values = [...func.args.map((arg) => arg.value), ...func.body.yields];
  const symbols = new Set(values.flatMap(({ type }) => [...elementCount(type).symbols()]));
  return Object.fromEntries(
    [...symbols].sort().map((name) => [name, defined(capacities[name], `no capacity for ${name}`)]),
  );
}

/** Adds the place of an argument or result; the members of a family as `name.0`, `name.1`, ... */
export function nameRanges(ranges: Record<string, Range>, name: string, place: Place): void {
  if (place.kind === "family") place.members.forEach((member, i) => (ranges[`${name}.${i}`] = rangeOf(member)));
  else ranges[name] = rangeOf(place);
}
