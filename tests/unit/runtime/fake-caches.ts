/** The part of the Cache API that the runtime uses, in memory; `capacity` is how many bytes it takes. */
export interface FakeCaches {
  readonly storage: CacheStorage;
  capacity: number;
  /** The names of the caches, and the keys in each. */
  content(): Record<string, readonly string[]>;
}

export function fakeCaches(): FakeCaches {
  const caches = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();
  const used = (): number =>
    [...caches.values()].flatMap((each) => [...each.values()]).reduce((sum, { length }) => sum + length, 0);
  const cacheOf = (entries: Map<string, Uint8Array<ArrayBuffer>>): Partial<Cache> => ({
    match: (key) => {
      const found = entries.get(String(key));
      return Promise.resolve(found && new Response(found));
    },
    put: async (key, response) => {
      const bytes = new Uint8Array(await response.arrayBuffer());
      // A disk takes its time.
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (used() + bytes.length > self.capacity) throw new DOMException("no space left", "QuotaExceededError");
      entries.set(String(key), bytes);
    },
    keys: () => Promise.resolve([...entries.keys()].map((key) => new Request(key))),
    delete: (key) => Promise.resolve(entries.delete(String(key))),
  });
  const storage: Partial<CacheStorage> = {
    match: (key) => {
      const found = [...caches.values()].map((entries) => entries.get(String(key))).find((each) => each !== undefined);
      return Promise.resolve(found && new Response(found));
    },
    open: (name) => {
      const entries = caches.get(name) ?? new Map<string, Uint8Array<ArrayBuffer>>();
      caches.set(name, entries);
      return Promise.resolve(cacheOf(entries) as Cache);
    },
    keys: () => Promise.resolve([...caches.keys()]),
    delete: (name) => Promise.resolve(caches.delete(name)),
  };
  const self: FakeCaches = {
    storage: storage as CacheStorage,
    capacity: Infinity,
    content: () => Object.fromEntries([...caches].map(([name, entries]) => [name, [...entries.keys()]])),
  };
  return self;
}
