/**
 * Reads the text of the tensor IR. Strict: unknown ops, undefined or doubly defined values, values a block cannot see
 * and malformed attributes are an `IrTextError` with line and column. It resolves names and builds the module; whether
 * the module makes sense (types, yields) is the verifier's question. Attributes left out get their defaults.
 */
import type { Dim } from "../support/dim.ts";
import { readDim } from "../support/text/dim-text.ts";
import { acceptLoc } from "../support/text/loc-text.ts";
import type { Token } from "../support/text/reader.ts";
import { TextReader } from "../support/text/reader.ts";
import { acceptAttrs } from "./attr-text.ts";
import { completeAttrs } from "./builder.ts";
import type { Attrs, Block, Func, FuncArg, FuncResult, Literal, Module, Op, Value } from "./ir.ts";
import { value } from "./ir.ts";
import { readDType, readLiteral } from "./literal-text.ts";
import type { OpDef, OpTable } from "./op-def.ts";
import type { RegionName } from "./region-types.ts";
import { isRegionName, regionArgTypes } from "./region-types.ts";
import type { TensorType } from "./type.ts";
import { sameType, typeText } from "./type.ts";
import { hintOf } from "./value-names.ts";

/** Reads `module "name"`, its functions and its table of constants. Throws `IrTextError`. */
export function parseModule(text: string, ops: OpTable): Module {
  const constants = readConstantTable(text);
  const reader = new TextReader(text);
  reader.expect("module");
  const name = reader.string();
  const funcs: Func[] = [];
  while (reader.is("func")) funcs.push(new FuncParser(reader, ops, constants).func());
  skipConstantTable(reader);
  return { name, funcs };
}

/** Reads what `printFunc` writes: one function and its large constants. Throws `IrTextError`. */
export function parseFunc(text: string, ops: OpTable): Func {
  const constants = readConstantTable(text);
  const reader = new TextReader(text);
  const func = new FuncParser(reader, ops, constants).func();
  skipConstantTable(reader);
  return func;
}

/** Reads `30 x f32[B, T, 576]`. */
export function readType(reader: TextReader): TensorType {
  const family = reader.peek().kind === "number" ? reader.integer() : undefined;
  if (family !== undefined) reader.expect("x");
  const dtype = readDType(reader);
  reader.expect("[");
  const dims: readonly Dim[] = reader.list("]", () => readDim(reader));
  return family === undefined ? { dtype, dims } : { dtype, dims, family };
}

/** The constants stand after their uses, so they are read in a first round. */
function readConstantTable(text: string): ReadonlyMap<string, Literal> {
  const constants = new Map<string, Literal>();
  if (!/^constant #/m.test(text)) return constants;
  const reader = new TextReader(text);
  while (!reader.atEnd()) {
    if (reader.is("constant") && reader.peek(1).kind === "constant") readConstant(reader, constants);
    else reader.next();
  }
  return constants;
}

function readConstant(reader: TextReader, constants: Map<string, Literal>): void {
  reader.expect("constant");
  const token = reader.peek();
  const hash = reader.kind("constant");
  if (constants.has(hash)) reader.fail(`constant #${hash} is given twice`, token);
  reader.expect("=");
  constants.set(hash, readLiteral(reader));
}

function skipConstantTable(reader: TextReader): void {
  const again = new Map<string, Literal>();
  while (reader.is("constant")) readConstant(reader, again);
  if (!reader.atEnd()) reader.fail("expected `func`, a constant or the end");
}

class FuncParser {
  /** The values that are visible here, by printed name. */
  private visible = new Map<string, Value>();
  private readonly defined = new Set<string>();

  constructor(
    private readonly reader: TextReader,
    private readonly ops: OpTable,
    private readonly constants: ReadonlyMap<string, Literal>,
  ) {}

  func(): Func {
    const { reader } = this;
    reader.expect("func");
    const name = reader.kind("symbol");
    reader.expect("(");
    const args = reader.list(")", () => this.funcArg());
    reader.expect("->");
    reader.expect("(");
    const declared = reader.list(")", () => this.funcResult());
    const { block, end } = this.block(
      args.map((arg) => arg.value),
      "return",
    );
    if (block.yields.length !== declared.length)
      reader.fail(`${block.yields.length} values returned for ${declared.length} results`, end);
    declared.forEach(({ result, type, token }, i) => {
      const found = block.yields[i]?.type;
      if (type !== undefined && found !== undefined && !sameType(type, found))
        reader.fail(`result \`${result.name}\` is declared ${typeText(type)}, returned ${typeText(found)}`, token);
    });
    const loc = acceptLoc(reader);
    const results = declared.map(({ result }) => result);
    return { name, args, results, body: block, ...(loc === undefined ? {} : { loc }) };
  }

  private funcArg(): FuncArg {
    const mode = this.reader.accept("inout") ? "inout" : "in";
    const token = this.reader.peek();
    const name = this.reader.kind("value");
    this.reader.expect(":");
    const made = value(readType(this.reader), hintOf(name));
    this.define(name, made, token);
    return { name, mode, value: made };
  }

  private funcResult(): { result: FuncResult; type?: TensorType; token: Token } {
    const token = this.reader.peek();
    const name = this.reader.word();
    this.reader.expect(":");
    if (!this.reader.accept("inout")) return { result: { name }, type: readType(this.reader), token };
    const into = this.reader.peek().kind === "value" ? this.reader.kind("value") : name;
    return { result: { name, into }, token };
  }

  private block(args: readonly Value[], last: "yield" | "return"): { block: Block; end: Token } {
    const { reader } = this;
    reader.expect("{");
    const ops: Op[] = [];
    while (!reader.is(last)) ops.push(this.op());
    const end = reader.expect(last);
    const yields: Value[] = [];
    if (!reader.is("}")) {
      do yields.push(this.use());
      while (reader.accept(","));
    }
    reader.expect("}");
    return { block: { args, ops, yields }, end };
  }

  private op(): Op {
    const { reader } = this;
    const targets: Token[] = [];
    if (reader.peek().kind === "value") {
      do {
        targets.push(reader.peek());
        reader.kind("value");
      } while (reader.accept(","));
      reader.expect("=");
    }
    const token = reader.peek();
    const name = reader.word();
    const head = isRegionName(name)
      ? this.regionOp(name)
      : name === "param"
        ? this.param()
        : this.listedOp(name, token);
    const loc = acceptLoc(reader);
    if (head.types.length !== targets.length)
      reader.fail(`${targets.length} names for ${head.types.length} results`, token);
    const results = targets.map((target, i) => {
      const made = value(head.types[i] as TensorType, hintOf(target.text));
      this.define(target.text, made, target);
      return made;
    });
    const { operands, attrs, regions } = head;
    return { name, operands, attrs, results, regions, ...(loc === undefined ? {} : { loc }) };
  }

  private param(): OpHead {
    const path = this.reader.string();
    const attrs = acceptAttrs(this.reader, {}, this.constants);
    this.reader.expect(":");
    return { operands: [], attrs: { path, ...attrs }, regions: [], types: this.types() };
  }

  private listedOp(name: string, token: Token): OpHead {
    const { reader } = this;
    const def = this.ops.get(name) ?? reader.fail("no op has this name", token);
    reader.expect("(");
    const operands = reader.list(")", () => (reader.accept("_") ? null : this.use()));
    const given = acceptAttrs(reader, def.attrs, this.constants);
    const missing = missingAttr(def, given);
    if (missing !== undefined) reader.fail(`\`${name}\` needs the attribute \`${missing}\``, token);
    reader.expect(":");
    return { operands, attrs: completeAttrs(def, given), regions: [], types: this.types() };
  }

  private regionOp(name: RegionName): OpHead {
    const { reader } = this;
    const token = reader.peek();
    const syntax = this.regionSyntax(name);
    reader.expect("(");
    const bound = reader.list(")", () => this.binding());
    const carries = bound.length;
    if (name !== "group" && reader.accept("in")) {
      reader.expect("(");
      bound.push(...reader.list(")", () => this.binding()));
    }
    const attrs = {
      ...syntax,
      ...(name === "group" ? {} : { carries }),
      ...acceptAttrs(reader, {}, this.constants),
    };
    reader.expect("->");
    const types = this.types();
    const operands = bound.map((binding) => binding.operand);
    const argTypes = regionArgTypes(name, operands.map((operand) => operand.type), attrs); // prettier-ignore
    if (typeof argTypes === "string") return reader.fail(argTypes, token);
    const outer = this.visible;
    this.visible = name === "group" ? new Map() : new Map(outer);
    const args = bound.map((binding, i) => {
      const made = value(argTypes[i] as TensorType, hintOf(binding.target.text));
      this.define(binding.target.text, made, binding.target);
      return made;
    });
    const { block } = this.block(args, "yield");
    this.visible = outer;
    return { operands, attrs, regions: [block], types };
  }

  private regionSyntax(name: RegionName): Attrs {
    const { reader } = this;
    if (name === "group") return { name: reader.string() };
    if (name === "scan") {
      reader.expect("axis");
      return { axis: reader.integer() };
    }
    const index = reader.kind("value");
    reader.expect("in");
    const zero = reader.peek();
    if (reader.integer() !== 0) reader.fail("a repeat starts at 0", zero);
    reader.expect("..");
    return { index, count: reader.integer() };
  }

  /** `%x = %1`: an argument of the block and the operand it starts from. */
  private binding(): { target: Token; operand: Value } {
    const target = this.reader.peek();
    this.reader.kind("value");
    this.reader.expect("=");
    return { target, operand: this.use() };
  }

  /** One type, or any other number of them in parentheses. */
  private types(): readonly TensorType[] {
    return this.reader.accept("(") ? this.reader.list(")", () => readType(this.reader)) : [readType(this.reader)];
  }

  private use(): Value {
    const token = this.reader.peek();
    const name = this.reader.kind("value");
    const seen = this.visible.get(name);
    if (seen !== undefined) return seen;
    const why = this.defined.has(name) ? "is not visible here" : "is not defined";
    return this.reader.fail(`value %${name} ${why}`, token);
  }

  private define(name: string, made: Value, token: Token): void {
    if (this.defined.has(name)) this.reader.fail(`value %${name} is defined twice`, token);
    this.defined.add(name);
    this.visible.set(name, made);
  }
}

interface OpHead {
  readonly operands: readonly (Value | null)[];
  readonly attrs: Attrs;
  readonly regions: readonly Block[];
  readonly types: readonly TensorType[];
}

function missingAttr(def: OpDef, given: Attrs): string | undefined {
  return Object.entries(def.attrs).find(([name, spec]) => spec.default === undefined && !(name in given))?.[0];
}
