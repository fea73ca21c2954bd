/**
 * What profiles share: a result that was made for one profile is that of another too, where they agree in every fact that
 * was read to make it. The facts are noted as they are read, so nobody has to say which pass depends on what.
 */

/** The facts that were read, by their path: a primitive, or that there is an object. */
export type Facts = ReadonlyMap<string, unknown>;

const IS_OBJECT = Symbol("object");

/** `object`, and the facts of it that have been read so far. */
export function noting<T extends object>(object: T): { readonly noted: T; readonly facts: Facts } {
  const facts = new Map<string, unknown>();
  return { noted: note(object, "", facts, new Map()), facts };
}

/** Whether `object` has these facts. */
export function agrees(object: object, facts: Facts): boolean {
  return [...facts].every(([path, fact]) => {
    let found: unknown = object;
    for (const name of path.split("/").slice(1)) {
      if (name === KEYS) return isObject(found) && keysOf(found) === fact;
      found = isObject(found) ? Reflect.get(found, name) : undefined;
    }
    return (isObject(found) ? IS_OBJECT : found) === fact;
  });
}

/** Stands in a path for the names that an object has. */
const KEYS = "*";

function note<T extends object>(object: T, path: string, facts: Map<string, unknown>, known: Map<object, object>): T {
  const before = known.get(object);
  if (before !== undefined) return before as T;
  const noted = new Proxy(object, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      // Methods of arrays read what they need through the proxy.
      if (typeof name === "symbol" || typeof value === "function") return value;
      const own = `${path}/${name}`;
      facts.set(own, isObject(value) ? IS_OBJECT : value);
      return isObject(value) ? note(value, own, facts, known) : value;
    },
    has(target, name) {
      facts.set(`${path}/${KEYS}`, keysOf(target));
      return Reflect.has(target, name);
    },
    ownKeys(target) {
      facts.set(`${path}/${KEYS}`, keysOf(target));
      return Reflect.ownKeys(target);
    },
  });
  known.set(object, noted);
  return noted;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function keysOf(object: object): string {
  return Object.keys(object).join("/");
}
