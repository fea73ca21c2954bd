/**
 * Kernel IR to WGSL, one module a kernel, entry point `main`. It names and prints; the kernel must have been legalized
 * for a WebGPU profile. Group 0 holds the storage buffers, then the uniform of `call` scalars, then that of `launch`
 * scalars, each only if there are any.
 */
import { InternalError } from "../../src/support/errors.ts";
import { TextWriter } from "../../src/support/text/writer.ts";
import type { Buffer, KScalarParam, Kernel } from "../../src/kernel/ir.ts";
import { signatureText } from "../../src/kernel/print.ts";
import { unrollLoops } from "../../src/kernel/unroll.ts";
import { BodyWriter, builtinsOf, headerLines } from "../text/body.ts";
import { memoryNames, nameIn } from "../text/memory-names.ts";
import type { MemoryNames } from "../text/memory-names.ts";
import { WGSL } from "./dialect.ts";
import { isReserved } from "./names.ts";
import { elementText, typeText } from "./target.ts";

/** The WGSL of a legal kernel. Throws `InternalError` for what WGSL cannot say. */
export function emitWgsl(kernel: Kernel): string {
  return new WgslEmitter(unrollLoops(kernel), signatureText(kernel)).emit();
}

const PARAMETERS: Readonly<Record<string, string>> = {
  local: "@builtin(local_invocation_id) local_id: vec3<u32>",
  workgroup: "@builtin(workgroup_id) workgroup_id: vec3<u32>",
  grid: "@builtin(num_workgroups) num_workgroups: vec3<u32>",
  subgroup_size: "@builtin(subgroup_size) subgroup_width: u32",
  subgroup_lane: "@builtin(subgroup_invocation_id) subgroup_index: u32",
};

class WgslEmitter {
  private readonly out = new TextWriter();
  private readonly names: MemoryNames;

  constructor(
    private readonly kernel: Kernel,
    private readonly signature: string,
  ) {
    this.names = memoryNames(kernel, isReserved);
  }

  emit(): string {
    const { kernel, names, out } = this;
    for (const line of headerLines(kernel, this.signature)) out.line(line);
    out.line();
    const used = builtinsOf(kernel);
    const memory = [...kernel.buffers, ...kernel.locals];
    const features = [
      ...(memory.some(({ element }) => element === "f16") || kernel.requires.includes("f16") ? ["f16"] : []),
      ...(used.some((name) => name.startsWith("subgroup")) || kernel.requires.includes("subgroups")
        ? ["subgroups"]
        : []),
    ];
    for (const feature of features) out.line(`enable ${feature};`);
    if (features.length > 0) out.line();
    this.declarations();
    const parameters = [
      ...new Set(used.map((name) => (name.startsWith("subgroup") ? name : (name.split("_")[0] ?? "")))),
    ];
    out.line(`@compute @workgroup_size(${kernel.workgroup.join(", ")})`);
    out.braces(`fn main(${parameters.map((name) => PARAMETERS[name]).join(", ")})`, () => {
      for (const local of kernel.locals)
        if (local.space === "private") out.line(`var ${nameIn(names, local)}: ${arrayText(local)};`);
      new BodyWriter(kernel, WGSL, out, names, (scalar) => `${scalar.from}.${nameIn(names, scalar)}`).write();
    });
    return out.toString();
  }

  private declarations(): void {
    const { kernel, names, out } = this;
    kernel.buffers.forEach((buffer, binding) => {
      const access = buffer.access === "read" ? "read" : "read_write";
      const name = nameIn(names, buffer);
      out.line(`@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${elementText(buffer)}>;`);
    });
    let binding = kernel.buffers.length;
    for (const from of ["call", "launch"] as const) {
      const fields = kernel.scalars.filter((scalar) => scalar.from === from);
      if (fields.length > 0) this.uniform(from, fields, binding++);
    }
    for (const local of kernel.locals)
      if (local.space === "workgroup") out.line(`var<workgroup> ${nameIn(names, local)}: ${arrayText(local)};`);
    out.line();
  }

  private uniform(from: KScalarParam["from"], fields: readonly KScalarParam[], binding: number): void {
    const type = from === "call" ? "CallScalars" : "LaunchScalars";
    const text = fields.map((field) => `${nameIn(this.names, field)}: ${typeText(field.type)}`).join(", ");
    this.out.line(`struct ${type} { ${text} }`);
    this.out.line(`@group(0) @binding(${binding}) var<uniform> ${from}: ${type};`);
  }
}

function arrayText(local: Buffer): string {
  const length = local.length.asNumber();
  if (length === undefined) throw new InternalError(`the length of ${local.name} is not a number`);
  return `array<${elementText(local)}, ${length}>`;
}
