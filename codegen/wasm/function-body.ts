/** The function being written: its parameters, locals and instructions, and which local holds which kernel value. */
import type { KValue } from "../../src/kernel/ir.ts";
import { NameTable } from "../../src/kernel/names.ts";
import type { Instruction } from "./instructions.ts";
import type { WasmFunction, WasmLocal, WasmType } from "./module.ts";
import type { Code } from "./target.ts";
import { wasmType } from "./target.ts";

export class FunctionBody {
  private readonly params: WasmLocal[] = [];
  private readonly locals: WasmLocal[] = [];
  private readonly code: Instruction[] = [];
  private readonly names = new NameTable<object>();
  private readonly indices = new Map<KValue, number>();
  private readonly scratches = new Map<string, number>();

  /** The index of a new parameter. All parameters come before the first local. */
  param(name: string, type: WasmType): number {
    return this.params.push({ name: this.names.fresh(name), type }) - 1;
  }

  /** The index of a new local. */
  local(name: string, type: WasmType): number {
    return this.params.length + this.locals.push({ name: this.names.fresh(name), type }) - 1;
  }

  /** A local of type v128 for use between a few instructions, the same for the same name. */
  scratch(name: string): number {
    const index = this.scratches.get(name) ?? this.local(name, "v128");
    this.scratches.set(name, index);
    return index;
  }

  /** The local of a kernel value, made at the first call. */
  of(value: KValue): number {
    const index = this.indices.get(value) ?? this.local(value.name, wasmType(value.type));
    this.indices.set(value, index);
    return index;
  }

  /** Keeps the value in this local. */
  bind(value: KValue, local: number): void {
    this.indices.set(value, local);
  }

  add(...code: Code): void {
    this.code.push(...code);
  }

  /** `for index = from to to step step`; the code of `to` and `step` stands where the loop goes on. */
  loop(index: number, from: Code, to: Code, step: Code, inner: () => void): void {
    const set: Instruction = ["local.tee", index];
    this.add(...from, set, ...to, ["i32.lt_s"], ["if"], ["loop"]);
    inner();
    this.add(["local.get", index], ...step, ["i32.add"], set, ...to, ["i32.lt_s"], ["br_if", 0], ["end"], ["end"]);
  }

  finish(name: string): WasmFunction {
    return { name, params: this.params, locals: this.locals, body: this.code };
  }
}
