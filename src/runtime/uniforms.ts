/** The bytes of the two uniforms of a kernel: its call scalars and its launch scalars, four bytes each, in order. */
import type { ManifestScalar } from "../plan/manifest.ts";

/** Writes `values` as the scalars' types say, little-endian. */
export function scalarBytes(scalars: readonly ManifestScalar[], values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(scalars.length * 4));
  scalars.forEach(({ type, name }, i) => {
    const value = values[i];
    if (value === undefined) throw new RangeError(`no value for the scalar ${name}`);
    if (type === "f32" || type === "f16") view.setFloat32(i * 4, value, true);
    else if (type === "i32") view.setInt32(i * 4, value, true);
    else view.setUint32(i * 4, value, true);
  });
  return new Uint8Array(view.buffer);
}
