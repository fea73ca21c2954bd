/** Statements and expressions of kernel text: values and buffers must be known before they are used. */
import { acceptLoc } from "../support/text/loc-text.ts";
import type { TextReader } from "../support/text/reader.ts";
import type { Buffer, Expression, KType, KValue, Statement } from "./ir.ts";
import { I32 } from "./ir.ts";
import { parseKType } from "./names.ts";
import { BINARY_OPS, BUILTINS, UNARY_OPS, isOneOf } from "./vocabulary.ts";

const REDUCTIONS = ["add", "max", "min"] as const;

export abstract class BodyParser {
  protected readonly buffers = new Map<string, Buffer>();
  private readonly values = new Map<string, KValue>();

  constructor(protected readonly r: TextReader) {}

  protected clause<V>(word: string, item: () => V): V[] {
    if (!this.r.accept(word)) return [];
    this.r.expect("(");
    return this.r.list(")", item);
  }

  protected oneOf<W extends string>(words: readonly W[], what: string): W {
    const token = this.r.peek();
    const word = this.r.word();
    return isOneOf(words, word) ? word : this.r.fail(`expected ${what}`, token);
  }

  protected type(): KType {
    const token = this.r.peek();
    return parseKType(this.r.word()) ?? this.r.fail("expected a type", token);
  }

  protected define(name: string, type: KType): KValue {
    if (this.values.has(name)) this.r.fail(`a second value %${name} before this`);
    const value = { type, name };
    this.values.set(name, value);
    return value;
  }

  protected use(): KValue {
    const token = this.r.peek();
    return this.values.get(this.r.kind("value")) ?? this.r.fail("a value that is not defined here", token);
  }
  protected uses(): KValue[] {
    const found = [this.use()];
    while (this.r.accept(",")) found.push(this.use());
    return found;
  }
  private comma(): void {
    this.r.expect(",");
  }

  /** A body in braces. Its values are out of scope after it, except in the top body. */
  protected body(mayYield: boolean): { body: Statement[]; yields: KValue[] } {
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
    return { kind: "if", condition, body: first.body, yields: first.yields, otherwise: second.body, otherwiseYields: second.yields, results }; // prettier-ignore
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
      case "workgroup_load":
        return { kind: word, ...this.element() };
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
