/**
 * A WebAssembly module of functions over one imported memory, in the binary and in the text format. Every function is
 * exported under its name, and the name section repeats it with the names of parameters and locals, so that profilers
 * and disassemblers show them.
 */
import { ByteSink } from "./encode.ts";
import { opcodeOf } from "./instructions.ts";
import type { Instruction } from "./instructions.ts";

export type WasmType = "i32" | "f32" | "v128";

export interface WasmLocal {
  readonly name: string;
  readonly type: WasmType;
}

/** A function without results. */
export interface WasmFunction {
  readonly name: string;
  readonly params: readonly WasmLocal[];
  readonly locals: readonly WasmLocal[];
  readonly body: readonly Instruction[];
}

export interface ModuleOptions {
  /** The memory `env.memory` is shared between threads. */
  readonly shared: boolean;
  /** The value of the exported global `stack_bytes`: what the function that needs most private memory needs. */
  readonly stackBytes: number;
}

const TYPE_CODES: Readonly<Record<WasmType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
/** Pages of 64 KiB in 4 GiB. The memory that is given may have fewer. */
const MOST_PAGES = 65536;

/**
 * The module's bytes. Its memory is imported as `env.memory`, its first import; modules for a shared memory and for one
 * of their own differ in one byte, the flags of that import.
 */
export function encodeModule(functions: readonly WasmFunction[], options: ModuleOptions): Uint8Array<ArrayBuffer> {
  const signatures = [...new Set(functions.map(signatureOf))];
  const out = new ByteSink().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  section(out, 1, (types) => {
    types.unsigned(signatures.length);
    for (const signature of signatures) {
      const params = signature === "" ? [] : (signature.split(" ") as WasmType[]);
      types.byte(0x60).unsigned(params.length);
      for (const type of params) types.byte(TYPE_CODES[type]);
      types.unsigned(0);
    }
  });
  section(out, 2, (imports) => {
    imports.unsigned(1).name("env").name("memory").byte(0x02);
    imports
      .byte(options.shared ? 0x03 : 0x01)
      .unsigned(1)
      .unsigned(MOST_PAGES);
  });
  section(out, 3, (list) => {
    list.unsigned(functions.length);
    for (const each of functions) list.unsigned(signatures.indexOf(signatureOf(each)));
  });
  section(out, 6, (globals) => {
    globals.unsigned(1).byte(TYPE_CODES.i32, 0x00);
    globals.instruction(["i32.const", options.stackBytes]).instruction(["end"]);
  });
  section(out, 7, (exports) => {
    exports
      .unsigned(functions.length + 1)
      .name("stack_bytes")
      .byte(0x03)
      .unsigned(0);
    functions.forEach(({ name }, i) => exports.name(name).byte(0x00).unsigned(i));
  });
  section(out, 10, (codes) => {
    codes.unsigned(functions.length);
    for (const each of functions) codes.block(encodeBody(each));
  });
  section(out, 0, (custom) => {
    custom.name("name");
    section(custom, 1, (names) => {
      names.unsigned(functions.length);
      functions.forEach(({ name }, i) => names.unsigned(i).name(name));
    });
    section(custom, 2, (names) => {
      names.unsigned(functions.length);
      functions.forEach(({ params, locals }, i) => {
        names.unsigned(i).unsigned(params.length + locals.length);
        [...params, ...locals].forEach(({ name }, local) => names.unsigned(local).name(name));
      });
    });
  });
  return out.toBytes();
}

function section(out: ByteSink, id: number, write: (content: ByteSink) => void): void {
  const content = new ByteSink();
  write(content);
  out.byte(id).block(content.toBytes());
}

function signatureOf({ params }: WasmFunction): string {
  return params.map(({ type }) => type).join(" ");
}

function encodeBody({ locals, body }: WasmFunction): Uint8Array {
  const out = new ByteSink();
  const runs: { type: WasmType; count: number }[] = [];
  for (const { type } of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.unsigned(runs.length);
  for (const { type, count } of runs) out.unsigned(count).byte(TYPE_CODES[type]);
  for (const instruction of body) out.instruction(instruction);
  return out.byte(0x0b).toBytes();
}

/** The function in the text format, one instruction a line. */
export function functionText({ name, params, locals, body }: WasmFunction): string {
  const all = [...params, ...locals];
  const declared = (what: string, list: readonly WasmLocal[]): string[] =>
    list.map((local) => `(${what} $${local.name} ${local.type})`);
  const lines = [`(func $${name} (export ${JSON.stringify(name)})`];
  for (const part of [...declared("param", params), ...declared("local", locals)]) lines.push(`  ${part}`);
  let depth = 1;
  for (const instruction of body) {
    const [op] = instruction;
    if (op === "end" || op === "else") depth--;
    lines.push("  ".repeat(depth) + instructionText(instruction, all));
    if (op === "else" || opcodeOf(op).immediate === "block") depth++;
  }
  return `${lines.join("\n")})\n`;
}

function instructionText([op, ...immediates]: Instruction, locals: readonly WasmLocal[]): string {
  const [first = 0, second = 0, third] = immediates;
  switch (opcodeOf(op).immediate) {
    case "index":
      return op.startsWith("local") ? `${op} $${locals[first]?.name ?? first}` : `${op} ${first}`;
    case "memory":
    case "memory-lane":
      return `${op}${second === 0 ? "" : ` offset=${second}`} align=${2 ** first}${third === undefined ? "" : ` ${third}`}`;
    case "v128":
      return `${op} i32x4 ${immediates.map((word) => `0x${(word >>> 0).toString(16)}`).join(" ")}`;
    case "f32":
      return `${op} ${Object.is(first, -0) ? "-0" : Math.abs(first) === Infinity ? (first < 0 ? "-inf" : "inf") : first}`;
    default:
      return [op, ...immediates].join(" ");
  }
}
