/**
 * A `GPUDevice` that counts the calls on it, on its queue and on its command encoders, by name, and its buffers that were
 * made and not destroyed.
 */

export interface RecordedDevice {
  readonly device: GPUDevice;
  /** Calls since the last `clear`. */
  readonly calls: ReadonlyMap<string, number>;
  /** Labels of the buffers that live. */
  buffers(): readonly string[];
  /** The same with their sizes in bytes, in the order in which they were made. */
  allocated(): readonly (readonly [label: string, bytes: number])[];
  clear(): void;
}

/** `onCall` is told of each call before it is made. */
export function recordCalls(device: GPUDevice, onCall: (name: string) => void = () => {}): RecordedDevice {
  const calls = new Map<string, number>();
  const buffers = new Set<GPUBuffer>();
  const keep = (buffer: GPUBuffer): GPUBuffer => {
    buffers.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    // Not a proxy: the device takes nothing but its own objects.
    buffer.destroy = () => {
      buffers.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  const wrap = <V extends object>(of: V): V =>
    new Proxy(of, {
      get: (target, name) => {
        // Native objects want to be `this` themselves.
        const value: unknown = Reflect.get(target, name, target);
        if (name === "queue") return wrap(value as object);
        if (typeof value !== "function") return value;
        return (...args: readonly unknown[]): unknown => {
          calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
          onCall(String(name));
          const result: unknown = Reflect.apply(value, target, args);
          if (name === "createBuffer") return keep(result as GPUBuffer);
          return name === "createCommandEncoder" ? wrap(result as object) : result;
        };
      },
    });
  return {
    device: wrap(device),
    calls,
    buffers: () => [...buffers].map(({ label }) => label),
    allocated: () => [...buffers].map(({ label, size }) => [label, size] as const),
    clear: () => calls.clear(),
  };
}
