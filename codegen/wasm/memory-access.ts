/**
 * Loads and stores: addresses from indices, vectors whole, halves decoded and encoded. A literal that is added to an
 * index becomes the instruction's offset; this is right because buffers begin at 64 KiB or above, so that the address
 * without it does not wrap.
 */
import type { Buffer, KValue } from "../../src/kernel/ir.ts";
import { elementBytes, loadType } from "../../src/kernel/ir.ts";
import { InternalError, defined } from "../../src/support/errors.ts";
import type { Definitions } from "./definitions.ts";
import type { FunctionBody } from "./function-body.ts";
import type { HalfForm } from "./half.ts";
import { decodeCode, decodePairCode, encodeCode, narrowCode } from "./half.ts";
import type { PrivateMemory } from "./private-memory.ts";
import type { Code } from "./target.ts";
import { extractCode, wasmType } from "./target.ts";

/** Where the first buffer may begin. */
const FIRST_BYTE = 65536;
const F32X4 = { scalar: "f32", lanes: 4 } as const;

export class MemoryAccess {
  private readonly bases = new Map<Buffer, number>();
  private readonly registers = new Map<string, number>();
  /** The address of an index, without its literal, where a loop keeps it in a local. */
  private readonly moving = new Map<Buffer, Map<KValue, number>>();
  private stack = 0;

  constructor(
    private readonly body: FunctionBody,
    private readonly own: PrivateMemory,
    private readonly definitions: Definitions,
    private readonly push: (value: KValue) => Code,
    /** Values that have no local. */
    private readonly inlined: ReadonlySet<KValue>,
  ) {}

  /** The buffer begins at the offset in this local. */
  bind(buffer: Buffer, local: number): void {
    this.bases.set(buffer, local);
  }

  bindStack(local: number): void {
    this.stack = local;
  }

  load(buffer: Buffer, index: KValue, form: HalfForm = knownForm(buffer)): Code {
    const { element, lanes } = buffer;
    if (this.own.registers.has(buffer)) return [["local.get", this.register(buffer, index)]];
    const { code, offset } = this.address(buffer, index);
    if (element === "f16" || element === "bf16") {
      const bits: Code =
        lanes === 4
          ? [["v128.load16x4_u", 3, offset]]
          : lanes === 2
            ? // Two halves, then two that are not there.
              [["v128.load32_zero", 2, offset], ...this.widenHalves()]
            : [["i32.load16_u", 1, offset], ["i32x4.splat"]];
      const decoded = [...code, ...bits, ...decodeCode(element, this.body.scratch("half"), form)];
      return lanes === 1 ? extractCode(decoded, 0, F32X4) : decoded;
    }
    if (lanes === 4) return [...code, ["v128.load", 4, offset]];
    if (lanes === 2) return [...code, ["v128.load64_zero", 3, offset]];
    return [...code, [element === "f32" ? "f32.load" : "i32.load", 2, offset]];
  }

  /** Two neighbouring vectors of halves, the first at `index`: the code of each, the first before the second. */
  loadPair(buffer: Buffer, index: KValue, form: HalfForm = knownForm(buffer)): readonly [first: Code, second: Code] {
    const { element } = buffer;
    if (element !== "f16" && element !== "bf16") throw new InternalError(`${buffer.name} has no halves`);
    const { code, offset } = this.address(buffer, index);
    const [lower, upper] = [this.body.local("lower", "v128"), this.body.local("upper", "v128")];
    const [first, second] = decodePairCode(element, form, lower, upper);
    return [[...code, ["v128.load", 3, offset], ...first], second];
  }

  store(buffer: Buffer, index: KValue, value: Code): void {
    const { element, lanes } = buffer;
    if (this.own.registers.has(buffer)) return this.body.add(...value, ["local.set", this.register(buffer, index)]);
    const { code, offset } = this.address(buffer, index);
    if (element === "f16" || element === "bf16") {
      const [bits, size] = [this.body.scratch("half"), this.body.scratch("size")];
      const vector: Code = lanes === 1 ? [...value, ["f32x4.splat"]] : value;
      const halves: Code = [...vector, ...encodeCode(element, bits, size)];
      if (lanes === 4) this.body.add(...code, ...halves, ...narrowCode(bits), ["v128.store64_lane", 3, offset, 0]);
      else {
        const word: Code = lanes === 1 ? halves : [...halves, ...narrowCode(bits)];
        this.body.add(...code, ...word, ["i32x4.extract_lane", 0], [lanes === 1 ? "i32.store16" : "i32.store", lanes === 1 ? 1 : 2, offset]); // prettier-ignore
      }
      return;
    }
    if (lanes === 4) this.body.add(...code, ...value, ["v128.store", 4, offset]);
    else if (lanes === 2) this.body.add(...code, ...value, ["v128.store64_lane", 3, offset, 0]);
    else this.body.add(...code, ...value, [element === "f32" ? "f32.store" : "i32.store", 2, offset]);
  }

  /** The two f16 of a word on the stack, the lower half first. */
  unpackHalves(word: Code): Code {
    return [...word, ["i32x4.splat"], ...this.widenHalves(), ...decodeCode("f16", this.body.scratch("half"), "any")];
  }

  /** The halves of the first word on the stack in the lower halves of the first two. */
  private widenHalves(): Code {
    const temp = this.body.scratch("half");
    // The third and fourth word repeat the first two.
    const bytes = [0, 1, 16, 16, 2, 3, 16, 16];
    return [["local.set", temp], ["local.get", temp], ["v128.const", 0, 0, 0, 0], ["i8x16.shuffle", ...bytes, ...bytes]]; // prettier-ignore
  }

  /** The local of an element of a buffer that lies in locals. */
  private register(buffer: Buffer, index: KValue): number {
    const element = defined(this.definitions.literals.get(index), `a literal index into ${buffer.name}`);
    const key = `${buffer.name} ${element}`;
    const local = this.registers.get(key) ?? this.body.local(`${buffer.name}${element}`, wasmType(loadType(buffer)));
    this.registers.set(key, local);
    return local;
  }

  /** The local with the beginning of a storage buffer. */
  baseOf(buffer: Buffer): number | undefined {
    return this.bases.get(buffer);
  }

  /** From here on the address of this index, as `split` answers it, is in a local. */
  move(buffer: Buffer, root: KValue, local: number): void {
    this.moving.set(buffer, (this.moving.get(buffer) ?? new Map<KValue, number>()).set(root, local));
  }

  /** An index as a value and the bytes of a literal that fit into an instruction. */
  split(buffer: Buffer, index: KValue): { readonly root: KValue; readonly offset: number } {
    const stride = elementBytes(buffer.element) * buffer.lanes;
    let [root, offset] = [index, this.own.offsets.get(buffer) ?? 0];
    for (let sum = this.definitions.sumOf(root); sum !== undefined; sum = this.definitions.sumOf(root)) {
      const moved = offset + sum.literal * stride;
      // Of a sum that has a local, only a term that has one may be read instead.
      const isReadable = this.inlined.has(root) || !this.inlined.has(sum.value);
      if (sum.literal < 0 || moved >= FIRST_BYTE || !isReadable) break;
      [root, offset] = [sum.value, moved];
    }
    return { root, offset };
  }

  private address(buffer: Buffer, index: KValue): { readonly code: Code; readonly offset: number } {
    const stride = elementBytes(buffer.element) * buffer.lanes;
    const { root, offset } = this.split(buffer, index);
    const moving = this.moving.get(buffer)?.get(root);
    if (moving !== undefined) return { code: [["local.get", moving]], offset };
    const local = buffer.space === "storage" ? defined(this.bases.get(buffer), `no place for ${buffer.name}`) : this.stack; // prettier-ignore
    const literal = this.definitions.literals.get(root);
    if (literal !== undefined && literal >= 0)
      return { code: [["local.get", local]], offset: offset + literal * stride };
    const scaled: Code = [...this.push(root), ["i32.const", Math.log2(stride)], ["i32.shl"]];
    return { code: [["local.get", local], ...scaled, ["i32.add"]], offset };
  }
}

function knownForm({ isFinite }: Buffer): HalfForm {
  return isFinite === true ? "finite" : "any";
}
