/** The strict safetensors reader: each way to be malformed that it refuses, beside the valid file that looks alike. */
import { describe, expect, it } from "vitest";
import { bytesOf } from "../../../src/runtime/byte-source.ts";
import { SafetensorsError } from "../../../src/runtime/errors.ts";
import { checkedSize, readSafetensors } from "../../../src/runtime/safetensors.ts";
import { MALFORMED, entry } from "./malformed-safetensors.ts";
import { f32Tensor, fileOf, rawFile } from "./safetensors-file.ts";

const read = (file: Uint8Array) => readSafetensors(bytesOf(file, "test"));
const data = (bytes: number): Uint8Array => new Uint8Array(bytes);

describe("readSafetensors", () => {
  it("reads names, types, shapes, places and metadata", async () => {
    const file = await read(fileOf({ a: f32Tensor([2, 3], [1, 2, 3, 4, 5, 6]), b: f32Tensor([], [7]), c: f32Tensor([0], []) })); // prettier-ignore
    expect([...file.tensors.keys()]).toEqual(["a", "b", "c"]);
    expect(file.tensors.get("a")).toMatchObject({ dtype: "F32", shape: [2, 3], bytes: 24 });
    expect(file.tensors.get("b")!.offset - file.tensors.get("a")!.offset).toBe(24);
    expect(file.metadata.get("format")).toBe("pt");
  });

  it("accepts tensors that the header lists in another order than the data, and spaces behind the header", async () => {
    const header = `{"b":${entry("F32", "[1]", 4, 8)},"a":${entry("F32", "[1]", 0, 4)}}   `;
    expect((await read(rawFile(header, data(8)))).tensors.size).toBe(2);
  });

  it("keeps a tensor called __proto__ a name like any other", async () => {
    const file = await read(rawFile(`{"__proto__":${entry("U8", "[1]", 0, 1)}}`, data(1)));
    expect([...file.tensors.keys()]).toEqual(["__proto__"]);
  });

  it.each(MALFORMED)("refuses %s", async (_, file, message) => {
    await expect(read(file)).rejects.toThrow(SafetensorsError);
    await expect(read(file)).rejects.toThrow(message);
  });

  it("reads names of millions of characters, and quotes no more than the beginning of one", async () => {
    const name = "long\\n".repeat(2_000_000);
    const file = await read(rawFile(`{"${name}":${entry("U8", "[1]", 0, 1)}}`, data(1)));
    expect([...file.tensors.keys()][0]).toHaveLength(10_000_000);
    const message: unknown = await read(rawFile(`{"${name}":1}`)).catch((error: unknown) => (error as Error).message);
    expect(message).toMatch(/^test is not a valid safetensors file: "long/);
    expect(message).toHaveLength(1000 + "test is not a valid safetensors file: ...".length);
  });

  it("bounds products before they round", () => {
    expect(checkedSize([2 ** 26, 2 ** 26])).toBe(2 ** 52);
    expect(checkedSize([2 ** 27, 2 ** 27])).toBeUndefined();
    expect(checkedSize([2 ** 30, 2 ** 30, 0])).toBeUndefined();
    expect(checkedSize([0, 5])).toBe(0);
  });
});
