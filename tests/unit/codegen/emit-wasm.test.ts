/** WebAssembly modules of kernels: valid, named, refused where the target cannot say something. */
import { describe, expect, it } from "vitest";
import { ByteSink } from "../../../codegen/wasm/encode.ts";
import { emitWasm, emitWat } from "../../../codegen/wasm/emit.ts";
import { opcodeOf } from "../../../codegen/wasm/instructions.ts";
import { encodeModule } from "../../../codegen/wasm/module.ts";
import type { WasmFunction } from "../../../codegen/wasm/module.ts";
import { legalizeKernel } from "../../../passes/kernel/legalize.ts";
import { InternalError } from "../../../src/support/errors.ts";
import type { Kernel } from "../../../src/kernel/ir.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { cpuSimd } from "../../../src/profiles/cpu.ts";
import {
  FOUR_COLUMNS,
  HALF_PAIRS,
  MIXED,
  PACKED_PRODUCT,
  POINTWISE,
  REDUCTION,
  REVERSE,
  TWO_PASS_REDUCTION,
} from "../../support/kernel-texts.ts";

const legal = (text: string): Kernel => legalizeKernel(parseKernel(text), cpuSimd);

describe("numbers in LEB128", () => {
  it.each([
    [0, [0]],
    [127, [127]],
    [128, [0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [4294967295, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("writes %i unsigned", (value, bytes) => {
    expect([...new ByteSink().unsigned(value).toBytes()]).toEqual(bytes);
  });

  it.each([
    [0, [0]],
    [63, [63]],
    [64, [0xc0, 0]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [-2147483648, [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])("writes %i signed", (value, bytes) => {
    expect([...new ByteSink().signed(value).toBytes()]).toEqual(bytes);
  });
});

describe("modules", () => {
  const kernels = [PACKED_PRODUCT, MIXED.replace(' requires("f16")', ""), POINTWISE.replace("{f}", "tanh")].map(legal);

  it("are valid, with one function a kernel and a name section", () => {
    const bytes = emitWasm(kernels);
    expect(WebAssembly.validate(bytes)).toBe(true);
    const module = new WebAssembly.Module(bytes);
    const names = WebAssembly.Module.exports(module).flatMap(({ kind, name }) => (kind === "function" ? [name] : []));
    expect(names).toEqual(["packed_product", "mixed", "pointwise"]);
    expect(WebAssembly.Module.customSections(module, "name")).toHaveLength(1);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  it("are the same bytes for the same kernels", () => {
    expect(emitWasm(kernels)).toEqual(emitWasm(kernels));
  });

  it("import a shared memory only if asked", () => {
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const own = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const instance = (isShared: boolean, memory: WebAssembly.Memory): unknown =>
      new WebAssembly.Instance(new WebAssembly.Module(emitWasm(kernels, isShared)), { env: { memory } });
    expect(() => instance(true, shared)).not.toThrow();
    expect(() => instance(false, own)).not.toThrow();
    expect(() => instance(true, own)).toThrow(WebAssembly.LinkError);
  });

  it("say how much memory of their own kernels need: none where every index is a literal", () => {
    const stackBytes = (text: string): unknown => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(emitWasm([legal(text)])), {
        env: { memory },
      });
      return (exports["stack_bytes"] as WebAssembly.Global).value;
    };
    const mixed = MIXED.replace(' requires("f16")', "");
    expect(stackBytes(mixed)).toBe(0);
    expect(stackBytes(mixed.replace("unroll", ""))).toBe(16);
  });

  it("with a wrong body are not valid", () => {
    const broken: WasmFunction = { name: "broken", params: [], locals: [], body: [["i32.const", 1]] };
    expect(WebAssembly.validate(encodeModule([broken], { shared: false, stackBytes: 0 }))).toBe(false);
    expect(WebAssembly.validate(encodeModule([{ ...broken, body: [] }], { shared: false, stackBytes: 0 }))).toBe(true);
  });
});

describe("the text of a function", () => {
  it("names parameters and locals, and folds a literal of the index into the offset", () => {
    const text = emitWat(
      parseKernel(`kernel @shifted(%x: read f32[T], %y: write f32[T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %two = const 2 : i32
  %i = builtin workgroup_x : i32
  %at = add %i, %two : i32
  %v = load %x[%at] : f32
  store %y[%i], %v
}
`),
    );
    expect(text).toContain('(func $shifted (export "shifted")');
    expect(text).toContain("(param $x i32)");
    expect(text).toContain("f32.load offset=8 align=4");
    expect(text).not.toContain("f32.store offset");
  });

  it("moves addresses with the loop where that is even, and leaves the others alone", () => {
    const even = emitWat(legal(FOUR_COLUMNS));
    expect(even.match(/local\.get \$w_at\n\s+v128\.load/g)).toHaveLength(4);
    const uneven = emitWat(legal(FOUR_COLUMNS.replace("%tile = mul %k, %four", "%tile = mul %k, %k")));
    expect(uneven).not.toContain("$w_at");
    expect(uneven).toContain("$x_at");
  });

  it("sums the lanes of four vectors at once, and one by one where the result has another part", () => {
    const four = emitWat(legal(FOUR_COLUMNS));
    expect(four.match(/i8x16\.shuffle/g)).toHaveLength(6);
    expect(four).not.toContain("extract_lane");
    const three = emitWat(legal(FOUR_COLUMNS.replace("%sum_c, %sum_d : f32x4", "%sum_c, %unit : f32x4")));
    expect(three.match(/extract_lane/g)).toHaveLength(4);
  });

  it("loads neighbouring halves together, but not those of a buffer that may change", () => {
    const text = HALF_PAIRS.replace("{content}", "bf16");
    expect(emitWat(legal(text)).match(/v128\.load /g)).toHaveLength(1);
    expect(emitWat(legal(text.replace("%h: read ", "%h: read_write "))).match(/v128\.load16x4_u/g)).toHaveLength(2);
  });

  it("scales the other factor of a sum of products with finite f16, and sums again what overflowed by it", () => {
    const columns = (content: string): string => FOUR_COLUMNS.replace("%w: read f32x4", `%w: read ${content}x4`);
    const rebias = (text: string): number => emitWat(legal(text)).match(/v128.const i32x4 0x77800000/g)!.length;
    // Each of four weights, or one factor in the loop and each of four weights in that behind the test.
    expect(rebias(columns("f16"))).toBe(4);
    expect(rebias(columns("finite f16"))).toBe(5);
    expect(emitWat(legal(columns("finite f16"))).match(/loop|all_true/g)).toEqual(["loop", "all_true", "loop"]);
    const read = columns("finite f16").replace("yield ", "store %y[%zero], %term\n    yield ");
    expect(rebias(read)).toBe(4);
  });

  it("keeps a value in a register if a bound of the loop reads it in every round", () => {
    const text = emitWat(legal(PACKED_PRODUCT));
    expect(text).toContain("f32x4.mul");
    expect(text.match(/loop/g)).toHaveLength(4);
  });
});

describe("what WebAssembly cannot say is a bug of a pass before", () => {
  it("a meeting of invocations", () => {
    expect(() => emitWasm([parseKernel(REVERSE)])).toThrow(InternalError);
    expect(() => emitWasm([parseKernel(TWO_PASS_REDUCTION)])).toThrow(/cannot meet/);
  });

  it("a reduction, an intrinsic function, an instruction without a name", () => {
    const one = REDUCTION.replaceAll("{lanes}", "1").replace("{op}", "max");
    expect(() => emitWasm([parseKernel(one)])).toThrow(/legalize/);
    expect(WebAssembly.validate(emitWasm([legal(one)]))).toBe(true);
    expect(() => emitWasm([parseKernel(POINTWISE.replace("{f}", "exp"))])).toThrow(/no exp/);
    expect(() => opcodeOf("f32.exp")).toThrow(InternalError);
  });
});
