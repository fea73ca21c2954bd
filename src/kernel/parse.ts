/**
 * Kernel text to kernel IR, the inverse of `printKernel`: the head of a kernel here, its statements in `parse-body.ts`. A
 * malformed text is an `IrTextError` with its place.
 */
import type { Dim } from "../support/dim.ts";
import type { Loc } from "../support/source.ts";
import { readDim } from "../support/text/dim-text.ts";
import { acceptLoc } from "../support/text/loc-text.ts";
import { TextReader } from "../support/text/reader.ts";
import type { Buffer, Element, Extent, KScalarParam, KValue, Kernel } from "./ir.ts";
import { BodyParser } from "./parse-body.ts";

export function parseKernel(text: string): Kernel {
  const reader = new TextReader(text);
  const kernel = new KernelParser(reader).kernel();
  if (!reader.atEnd()) reader.fail("expected the end of the kernel");
  return kernel;
}

/** Reads several kernels, one after the other. */
export function parseKernels(text: string): readonly Kernel[] {
  const reader = new TextReader(text);
  const kernels: Kernel[] = [];
  while (!reader.atEnd()) kernels.push(new KernelParser(reader).kernel());
  return kernels;
}

const ARRAY = /^(f32|f16|bf16|i32|u32)(?:x(2|4))?$/;
const ACCESSES = ["read", "write", "read_write"] as const;
const LOCAL_SPACES = ["workgroup", "private"] as const;
const ORIGINS = ["call", "launch"] as const;

class KernelParser extends BodyParser {
  kernel(): Kernel {
    const { r } = this;
    r.expect("kernel");
    const name = r.kind("symbol");
    r.expect("(");
    const buffers = r.list(")", () => this.buffer());
    const scalars = this.clause("scalars", () => this.scalar());
    const locals = this.clause("locals", () => this.local());
    r.expect("workgroup");
    r.expect("(");
    const workgroup = this.three(r.list(")", () => r.integer()));
    r.expect("grid");
    r.expect("(");
    const grid = this.three(r.list(")", () => this.extent()));
    const inPlace = this.clause("in_place", () => {
      const output = r.integer();
      r.expect("=");
      return [output, r.integer()] as const;
    });
    const requires = this.clause("requires", () => r.string());
    const locs = this.clause("locs", (): Loc => acceptLoc(r) ?? r.fail("expected a location"));
    const { body } = this.body(false);
    const scalarValues = scalars.map(({ value }) => value);
    return { name, buffers, scalars: scalars.map(({ param }) => param), scalarValues, locals, workgroup, grid, inPlace, requires, body, locs }; // prettier-ignore
  }

  private three<V>(items: readonly V[]): readonly [V, V, V] {
    const [x, y, z] = items;
    if (items.length !== 3 || x === undefined || y === undefined || z === undefined)
      return this.r.fail("expected three sizes before this");
    return [x, y, z];
  }

  private buffer(): Buffer {
    const name = this.r.kind("value");
    this.r.expect(":");
    const access = this.oneOf(ACCESSES, "an access mode");
    const isFinite = this.r.accept("finite");
    return this.array(name, "storage", access, isFinite ? { isFinite } : {});
  }

  private local(): Buffer {
    const name = this.r.kind("value");
    this.r.expect(":");
    return this.array(name, this.oneOf(LOCAL_SPACES, "an address space"), "read_write");
  }

  private array(
    name: string,
    space: Buffer["space"],
    access: Buffer["access"],
    content: Pick<Buffer, "isFinite"> = {},
  ): Buffer {
    const token = this.r.peek();
    const match = ARRAY.exec(this.r.word());
    if (match === null) return this.r.fail("expected an element type", token);
    this.r.expect("[");
    const isPacked = this.r.accept("ceil");
    if (isPacked) this.r.expect("(");
    const length: Dim = readDim(this.r);
    const per = isPacked ? this.packing() : {};
    this.r.expect("]");
    const lanes = match[2] === undefined ? 1 : (Number(match[2]) as 2 | 4);
    const buffer: Buffer = { name, space, access, element: match[1] as Element, lanes, length, ...per, ...content };
    if (this.buffers.has(name)) this.r.fail(`a second buffer %${name}`, token);
    this.buffers.set(name, buffer);
    return buffer;
  }

  /** The rest of `ceil(length, per)`. */
  private packing(): { per: number } {
    this.r.expect(",");
    const per = this.r.integer();
    this.r.expect(")");
    return { per };
  }

  private scalar(): { param: KScalarParam; value: KValue } {
    const name = this.r.kind("value");
    this.r.expect(":");
    const from = this.oneOf(ORIGINS, "`call` or `launch`");
    const type = this.type();
    return { param: { name, type, from }, value: this.define(name, type) };
  }

  private extent(): Extent {
    const factors: { size: Dim; per: number }[] = [];
    if (this.r.peek().kind === "number") {
      if (this.r.integer() !== 1) this.r.fail("a literal extent is 1; write ceil(n, 1)");
      return factors;
    }
    do {
      this.r.expect("ceil");
      this.r.expect("(");
      const size = readDim(this.r);
      this.r.expect(",");
      factors.push({ size, per: this.r.integer() });
      this.r.expect(")");
    } while (this.r.accept("*"));
    return factors;
  }
}
