/**
 * The text of the tensor IR. Printing never fails on a module that the verifier refuses (it is how one looks at it);
 * `parseModule` reads back what it prints for every module that the verifier accepts. The text is a function of the
 * module alone, and a module that went through text prints the same again.
 */
import type { Loc } from "../support/source.ts";
import { locText } from "../support/text/loc-text.ts";
import { quote } from "../support/text/literals.ts";
import { TextWriter } from "../support/text/writer.ts";
import { attrsText } from "./attr-text.ts";
import type { Attr, Block, Func, FuncResult, Module, Op, Value } from "./ir.ts";
import { walk } from "./ir.ts";
import { ConstantTable } from "./literal-text.ts";
import { isRegionName } from "./region-types.ts";
import type { TensorType } from "./type.ts";
import { typeText } from "./type.ts";
import { ValueNames } from "./value-names.ts";

export interface PrintOptions {
  /** Whether each op carries its `loc(...)`; default false. */
  readonly locs?: boolean;
}

/** The whole module: its functions, then the table of its large constants. */
export function printModule(module: Module, options: PrintOptions = {}): string {
  const writer = new TextWriter();
  const constants = new ConstantTable();
  writer.line(`module ${quote(module.name)}`);
  for (const func of module.funcs) {
    writer.line();
    new BlockPrinter(writer, constants, options).func(func);
  }
  constants.write(writer);
  return writer.toString();
}

/** One function, followed by its large constants. */
export function printFunc(func: Func, options: PrintOptions = {}): string {
  const writer = new TextWriter();
  const constants = new ConstantTable();
  new BlockPrinter(writer, constants, options).func(func);
  constants.write(writer);
  return writer.toString();
}

/** The names that the values of a function are printed under, without their `%`. */
export function printedNames(func: Func): ReadonlyMap<Value, string> {
  const printer = new BlockPrinter(new TextWriter(), new ConstantTable(), {});
  printer.func(func);
  return printer.names.all();
}

/** One op with its regions, for messages and for the header of emitted code; large constants stay hashes. */
export function printOp(op: Op, options: PrintOptions = {}): string {
  const writer = new TextWriter();
  new BlockPrinter(writer, new ConstantTable(), options).op(op);
  return writer.toString();
}

class BlockPrinter {
  readonly names = new ValueNames();

  constructor(
    private readonly writer: TextWriter,
    private readonly constants: ConstantTable,
    private readonly options: PrintOptions,
  ) {}

  func(func: Func): void {
    for (const arg of func.args) this.names.reserve(arg.name);
    for (const arg of func.args) this.names.assign(arg.value, arg.name);
    walk(func.body, (op) => {
      if (op.name === "repeat") this.names.reserve(wordOf(op.attrs["index"]));
    });
    const args = func.args.map((arg) => {
      const mode = arg.mode === "inout" ? "inout " : "";
      return `${mode}%${arg.name}: ${typeText(arg.value.type)}`;
    });
    const results = func.results.map((result, i) => resultText(result, func.body.yields[i]));
    this.writer.braces(
      `func @${func.name}(${args.join(", ")}) -> (${results.join(", ")})`,
      () => this.block(func.body, "return"),
      this.locSuffix(func.loc),
    );
  }

  op(op: Op): void {
    const loc = this.locSuffix(op.loc);
    if (isRegionName(op.name)) this.region(op, loc);
    else this.writer.line(this.plain(op) + loc);
  }

  private plain(op: Op): string {
    if (op.name === "param") {
      const attrs = attrsText(op.attrs, this.constants, ["path"]);
      const path = quote(wordOf(op.attrs["path"]));
      return `${this.assigned(op)}param ${path}${spaced(attrs)} : ${typesText(op.results)}`;
    }
    const attrs = attrsText(op.attrs, this.constants);
    return `${this.assigned(op)}${op.name}(${this.list(op.operands)})${spaced(attrs)} : ${typesText(op.results)}`;
  }

  private locSuffix(loc: Loc | undefined): string {
    return this.options.locs === true && loc !== undefined ? ` ${locText(loc)}` : "";
  }

  private region(op: Op, loc: string): void {
    const [body] = op.regions;
    const carries = op.name === "group" ? op.operands.length : Number(op.attrs["carries"]);
    const bound = op.operands.map((operand, i) => {
      const inner = body?.args[i];
      return `${inner === undefined ? "_" : this.name(inner)} = ${this.name(operand)}`;
    });
    const xs = bound.length > carries ? ` in(${bound.slice(carries).join(", ")})` : "";
    const attrs = attrsText(op.attrs, this.constants, regionSyntaxAttrs(op));
    const head = `${this.assigned(op)}${regionHead(op)} (${bound.slice(0, carries).join(", ")})${xs}${spaced(attrs)}`;
    this.writer.braces(
      `${head} -> ${typesText(op.results)}`,
      () => {
        if (body !== undefined) this.block(body, "yield");
      },
      loc,
    );
  }

  private block(block: Block, last: "yield" | "return"): void {
    for (const op of block.ops) this.op(op);
    this.writer.line(last + spaced(this.list(block.yields)));
  }

  private assigned(op: Op): string {
    return op.results.length === 0 ? "" : `${this.list(op.results)} = `;
  }

  private list(values: readonly (Value | null)[]): string {
    return values.map((value) => this.name(value)).join(", ");
  }

  private name(value: Value | null): string {
    return value === null ? "_" : `%${this.names.of(value)}`;
  }
}

/** Attributes of a region op that its syntax holds already. */
function regionSyntaxAttrs(op: Pick<Op, "name">): readonly string[] {
  return op.name === "repeat" ? ["index", "count", "carries"] : op.name === "scan" ? ["axis", "carries"] : ["name"];
}

function regionHead(op: Op): string {
  if (op.name === "repeat") return `repeat %${wordOf(op.attrs["index"])} in 0..${Number(op.attrs["count"])}`;
  if (op.name === "scan") return `scan axis ${Number(op.attrs["axis"])}`;
  return `group ${quote(wordOf(op.attrs["name"]))}`;
}

/** `k: inout` where the result has the argument's name, `next: inout %k` where not, `logits: f32[B, V]` else. */
function resultText(result: FuncResult, yielded: Value | undefined): string {
  if (result.into === undefined) return `${result.name}: ${yielded === undefined ? "_" : typeText(yielded.type)}`;
  return result.into === result.name ? `${result.name}: inout` : `${result.name}: inout %${result.into}`;
}

function typesText(values: readonly { readonly type: TensorType }[]): string {
  const texts = values.map((value) => typeText(value.type));
  return texts.length === 1 ? texts.join() : `(${texts.join(", ")})`;
}

function wordOf(attr: Attr | undefined): string {
  return typeof attr === "string" ? attr : "";
}

function spaced(text: string): string {
  return text === "" ? "" : ` ${text}`;
}
