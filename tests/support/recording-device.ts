/** A `GPUDevice` that counts the calls on it, on its queue and on its command encoders, by name. */

export interface RecordedDevice {
  readonly device: GPUDevice;
  /** Calls since the last `clear`. */
  readonly calls: ReadonlyMap<string, number>;
  clear(): void;
}

export function recordCalls(device: GPUDevice): RecordedDevice {
  const calls = new Map<string, number>();
  const wrap = <V extends object>(of: V): V =>
    new Proxy(of, {
      get: (target, name) => {
        // Native objects want to be `this` themselves.
        const value: unknown = Reflect.get(target, name, target);
        if (name === "queue") return wrap(value as object);
        if (typeof value !== "function") return value;
        return (...args: readonly unknown[]): unknown => {
          calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
          const result: unknown = Reflect.apply(value, target, args);
          return name === "createCommandEncoder" ? wrap(result as object) : result;
        };
      },
    });
  return { device: wrap(device), calls, clear: () => calls.clear() };
}
