/** Kernel text to kernel IR: the inverse of `printKernel`. A malformed text is an `IrTextError` with its place. */
import type { Dim } from "../support/dim.ts";
import type { Loc } from "../support/source.ts";
import { readDim } from "../support/text/dim-text.ts";
import { acceptLoc } from "../support/text/loc-text.ts";
import { TextReader } from "../support/text/reader.ts";
import { BINARY_OPS, BUILTINS, UNARY_OPS, isOneOf } from "./vocabulary.ts";
import type {
  Buffer, Element, Expression, Extent, KScalarParam, KType, KValue, Kernel, Statement,
} from "./ir.ts"; // prettier-ignore
import { I32 } from "./ir.ts";
import { parseKType } from "./names.ts";

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
const REDUCTIONS = ["add", "max", "min"] as const;
const ACCESSES = ["read", "write", "read_write"] as const;
const LOCAL_SPACES = ["workgroup", "private"] as const;
const ORIGINS = ["call", "launch"] as const;

class KernelParser {
  private readonly buffers = new Map<string, Buffer>();
  private readonly values = new Map<string, KValue>();

  constructor(private readonly r: TextReader) {}

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

  private clause<V>(word: string, item: () => V): V[] {
    if (!this.r.accept(word)) return [];
    this.r.expect("(");
    return this.r.list(")", item);
  }

  private three<V>(items: readonly V[]): readonly [V, V, V] {
    const [x, y, z] = items;
    if (items.length !== 3 || x === undefined || y === undefined || z === undefined)
      return this.r.fail("expected three sizes before this");
    return [x, y, z];
  }

  private oneOf<W extends string>(words: readonly W[], what: string): W {
    const token = this.r.peek();
    const word = this.r.word();
    return isOneOf(words, word) ? word : this.r.fail(`expected ${what}`, token);
  }

  private buffer(): Buffer {
    const name = this.r.kind("value");
    this.r.expect(":");
    const access = this.oneOf(ACCESSES, "an access mode");
    return this.array(name, "storage", access);
  }

  private local(): Buffer {
    const name = this.r.kind("value");
    this.r.expect(":");
    return this.array(name, this.oneOf(LOCAL_SPACES, "an address space"), "read_write");
  }

  private array(name: string, space: Buffer["space"], access: Buffer["access"]): Buffer {
    const token = this.r.peek();
    const match = ARRAY.exec(this.r.word());
    if (match === null) return this.r.fail("expected an element type", token);
    this.r.expect("[");
    const length: Dim = readDim(this.r);
    this.r.expect("]");
    const lanes = match[2] === undefined ? 1 : (Number(match[2]) as 2 | 4);
    const buffer: Buffer = { name, space, access, element: match[1] as Element, lanes, length };
    if (this.buffers.has(name)) this.r.fail(`a second buffer %${name}`, token);
    this.buffers.set(name, buffer);
    return buffer;
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

  private type(): KType {
    const token = this.r.peek();
    return parseKType(this.r.word()) ?? this.r.fail("expected a type", token);
  }

  private define(name: string, type: KType): KValue {
    if (this.values.has(name)) this.r.fail(`a second value %${name} before this`);
    const value = { type, name };
    this.values.set(name, value);
    return value;
  }

  private use(): KValue {
    const token = this.r.peek();
    return this.values.get(this.r.kind("value")) ?? this.r.fail("a value that is not defined here", token);
  }
  private uses(): KValue[] {
    const found = [this.use()];
    while (this.r.accept(",")) found.push(this.use());
    return found;
  }
  private comma(): void {
    this.r.expect(",");
  }

  /** A body in braces. Its values are out of scope after it, except in the top body. */
  private body(mayYield: boolean): { body: Statement[]; yields: KValue[] } {
    const outer = new Set(this.values.keys());
    this.r.expect("{");
    const body: Statement[] = [];
    let yields: KValue[] = [];
    while (!this.r.accept("}")) {
      if (mayYield && this.r.accept("yield")) {
        yields = this.uses();
        this.r.expect("}");
        break;
      }
      body.push(this.statement());
    }
    for (const name of [...this.values.keys()]) if (!outer.has(name)) this.values.delete(name);
    return { body, yields };
  }

  private statement(): Statement {
    const { r } = this;
    if (r.accept("barrier")) return { kind: "barrier" };
    if (r.accept("store")) {
      const { buffer, index } = this.element();
      this.comma();
      return { kind: "store", buffer, index, value: this.use() };
    }
    const names: string[] = [];
    if (r.peek().kind === "value") {
      do names.push(r.kind("value"));
      while (r.accept(","));
      r.expect("=");
    }
    if (r.accept("for")) return this.loop(names);
    if (r.accept("if")) return this.branch(names);
    const [name, ...more] = names;
    if (name === undefined || more.length > 0) return r.fail("expected a statement");
    const expression = this.expression();
    r.expect(":");
    const type = this.type();
    const result = this.define(name, type);
    const loc = acceptLoc(r);
    return { kind: "let", result, expression, ...(loc === undefined ? {} : { loc }) };
  }

  private loop(names: readonly string[]): Statement {
    const { r } = this;
    const indexName = r.kind("value");
    r.expect("=");
    const from = this.use();
    r.expect("to");
    const to = this.use();
    r.expect("step");
    const step = this.use();
    const inits = this.clause("iter", () => {
      const name = r.kind("value");
      r.expect("=");
      return { name, init: this.use() };
    });
    if (inits.length !== names.length) r.fail(`${names.length} results for ${inits.length} carried values`);
    const unroll = r.accept("unroll");
    const index = this.define(indexName, I32);
    const args = inits.map(({ name, init }) => this.define(name, init.type));
    const { body, yields } = this.body(true);
    for (const name of [indexName, ...inits.map((one) => one.name)]) this.values.delete(name);
    const carried = inits.map(({ init }, i) => ({
      arg: args[i] as KValue,
      init,
      result: this.define(names[i] as string, init.type),
    }));
    return { kind: "for", index, from, to, step, carried, body, yields, unroll };
  }

  private branch(names: readonly string[]): Statement {
    const condition = this.use();
    const first = this.body(true);
    const second = this.r.accept("else") ? this.body(true) : { body: [], yields: [] };
    if (first.yields.length !== names.length)
      this.r.fail(`${names.length} results for ${first.yields.length} yielded values`);
    const results = first.yields.map(({ type }, i) => this.define(names[i] as string, type));
    return { kind: "if", condition, then: first.body, thenYields: first.yields, else: second.body, elseYields: second.yields, results }; // prettier-ignore
  }

  private element(): { buffer: Buffer; index: KValue } {
    const token = this.r.peek();
    const buffer = this.buffers.get(this.r.kind("value")) ?? this.r.fail("a buffer that is not declared", token);
    this.r.expect("[");
    const index = this.use();
    this.r.expect("]");
    return { buffer, index };
  }

  private expression(): Expression {
    const { r } = this;
    const token = r.peek();
    const word = r.word();
    if (isOneOf(UNARY_OPS, word)) return { kind: "unary", op: word, x: this.use() };
    if (isOneOf(BINARY_OPS, word)) {
      const x = this.use();
      this.comma();
      return { kind: "binary", op: word, x, y: this.use() };
    }
    switch (word) {
      case "const":
        return { kind: "constant", value: r.accept("true") ? 1 : r.accept("false") ? 0 : r.number() };
      case "builtin":
        return { kind: "builtin", name: this.oneOf(BUILTINS, "a built-in") };
      case "fma":
      case "select": {
        const a = this.use();
        this.comma();
        const b = this.use();
        this.comma();
        const c = this.use();
        return word === "fma" ? { kind: "fma", x: a, y: b, z: c } : { kind: "select", condition: a, x: b, y: c };
      }
      case "cast":
      case "bitcast":
        return { kind: word, x: this.use() };
      case "vector":
        return { kind: "vector", parts: this.uses() };
      case "extract":
      case "workgroup_broadcast": {
        const x = this.use();
        this.comma();
        return { kind: word, x, lane: r.integer() };
      }
      case "load":
        return { kind: "load", ...this.element() };
      case "workgroup_reduce":
      case "subgroup_reduce":
        return { kind: word, op: this.oneOf(REDUCTIONS, "add, max or min"), x: this.use() };
      case "intrinsic": {
        const name = r.word();
        r.expect("(");
        return { kind: "intrinsic", name, args: r.list(")", () => this.use()) };
      }
      default:
        return r.fail("expected an expression", token);
    }
  }
}
