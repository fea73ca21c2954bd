/**
 * Kernel IR to CUDA C++: one translation unit of all kernels of a program. It names and prints; kernels must have been
 * legalized for a CUDA profile. A kernel's parameters are its storage buffers in binding order, the scalars of the call,
 * then those of the launch; a workgroup is a block, a subgroup a warp.
 */
import { InternalError } from "../../src/support/errors.ts";
import { TextWriter } from "../../src/support/text/writer.ts";
import type { Buffer, Element, Kernel } from "../../src/kernel/ir.ts";
import { signatureText } from "../../src/kernel/print.ts";
import { unrollLoops } from "../../src/kernel/unroll.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import { BodyWriter, headerLines } from "../text/body.ts";
import { memoryNames, nameIn } from "../text/memory-names.ts";
import { cudaDialect } from "./dialect.ts";
import { Helpers } from "./helpers.ts";
import { kernelName } from "./names.ts";
import { elementText, typeText } from "./types.ts";

/** The unit of these kernels, with what they include and call. Throws `InternalError` for what CUDA C++ cannot say. */
export function emitCudaUnit(kernels: readonly Kernel[]): string {
  const helpers = new Helpers();
  const texts = kernels.map((kernel) => kernelText(kernel, helpers));
  const elements = new Set(
    kernels.flatMap(({ buffers, locals }) => [...buffers, ...locals].map(({ element }) => element)),
  );
  const uses = (element: Element, word: string): boolean => elements.has(element) || helpers.all().some((text) => text.includes(word)); // prettier-ignore
  const includes = [
    ...(uses("f16", "__half") ? ["#include <cuda_fp16.h>"] : []),
    ...(uses("bf16", "bfloat16") ? ["#include <cuda_bf16.h>"] : []),
  ];
  return [includes.join("\n"), ...helpers.all(), ...texts].filter((part) => part !== "").join("\n\n") + "\n";
}

/** One kernel by itself, as `inspect` shows it: without its helpers. */
export function emitCuda(kernel: Kernel): string {
  return kernelText(kernel, new Helpers());
}

function kernelText(given: Kernel, helpers: Helpers): string {
  const dialect = cudaDialect(helpers);
  const kernel = unrollLoops(given);
  const names = memoryNames(kernel, (name) => dialect.isReserved(name));
  const out = new TextWriter();
  for (const line of headerLines(kernel, signatureText(given))) out.line(line);
  const written = new Set<Buffer>();
  walkStatements(kernel.body, (statement) => {
    if (statement.kind === "store") written.add(statement.buffer);
  });
  const parameters = [
    ...kernel.buffers.map((buffer) => {
      // Its helper is also where the struct of its elements is.
      if (buffer.lanes > 1) dialect.loaded("", buffer);
      const type = `${written.has(buffer) ? "" : "const "}${elementText(buffer)}`;
      return `${type}* __restrict__ ${nameIn(names, buffer)}`;
    }),
    ...(["call", "launch"] as const).flatMap((from) =>
      kernel.scalars
        .filter((scalar) => scalar.from === from)
        .map((scalar) => `${typeText(scalar.type)} ${nameIn(names, scalar)}`),
    ),
  ];
  const threads = kernel.workgroup.reduce((product, size) => product * size, 1);
  // One block on a multiprocessor will do: with more in mind, the compiler spills to have them.
  out.line(`extern "C" __global__ void __launch_bounds__(${threads}, 1)`);
  out.line(`${kernelName(kernel.name)}(`);
  out.indented(() => parameters.forEach((text, i) => out.line(i + 1 < parameters.length ? `${text},` : text)));
  out.braces(")", () => {
    for (const local of kernel.locals) out.line(localText(local, nameIn(names, local)));
    new BodyWriter(kernel, dialect, out, names, (scalar) => nameIn(names, scalar)).write();
  });
  return out.toString().trimEnd();
}

function localText(local: Buffer, name: string): string {
  const length = local.length.asNumber();
  if (length === undefined) throw new InternalError(`the length of ${local.name} is not a number`);
  return `${local.space === "workgroup" ? "__shared__ " : ""}${elementText(local)} ${name}[${length}];`;
}
