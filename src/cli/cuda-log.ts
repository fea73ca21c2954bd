/**
 * Takes the log of NVIDIA's compiler apart: the figures of each kernel that its assembler (ptxas) always prints under
 * `-v`, and everything else, which is what somebody has to read. A line that is not known to be a figure stays.
 */

/** What ptxas alone says of a kernel, in bytes. Functions that it calls have figures of their own. */
export interface KernelFigures {
  /** Shared memory of one block, without what the system reserves and what a launch adds (`extern __shared__`). */
  readonly sharedBytes: number;
  /** What the instructions of one thread write to local memory because registers ran out, and read back. */
  readonly spillStores: number;
  readonly spillLoads: number;
}

export interface CompilerLog {
  /** Errors, warnings and remarks, as they were printed; empty where there is nothing to say. */
  readonly messages: string;
  /** What ptxas printed of each kernel, line by line. */
  readonly figures: string;
  /** The same as numbers, by the name of the kernel or function. */
  readonly kernels: ReadonlyMap<string, KernelFigures>;
}

/** ptxas reports other things as info too (wgmma that is serialized, for one); those must not vanish. */
const FIGURE =
  /^ptxas info {4}: (?:\d+ bytes gmem|Compiling entry function |Function properties for |Used \d+ registers|Compile time = )|^ptxas {9}\. +\d+ bytes stack frame/;
const OF_FUNCTION = /^ptxas info {4}: Function properties for (\S+)/;
const SPILLS = /(\d+) bytes spill stores, (\d+) bytes spill loads/;
const SHARED = /^ptxas info {4}: Used .*?(\d+) bytes smem/;

export function parseCompilerLog(text: string): CompilerLog {
  const isFigure = (line: string) => FIGURE.test(line);
  const lines = text.split("\n");
  const figures = lines.filter(isFigure);
  const messages = lines.filter((line) => !isFigure(line));
  return { messages: messages.join("\n").trim(), figures: figures.join("\n"), kernels: readFigures(figures) };
}

function readFigures(lines: readonly string[]): ReadonlyMap<string, KernelFigures> {
  const kernels = new Map<string, KernelFigures>();
  let name: string | undefined;
  for (const line of lines) {
    name = OF_FUNCTION.exec(line)?.[1] ?? name;
    if (name === undefined) continue;
    const known = kernels.get(name) ?? { sharedBytes: 0, spillStores: 0, spillLoads: 0 };
    const [, stores = known.spillStores, loads = known.spillLoads] = SPILLS.exec(line) ?? [];
    const [, shared = known.sharedBytes] = SHARED.exec(line) ?? [];
    kernels.set(name, { sharedBytes: Number(shared), spillStores: Number(stores), spillLoads: Number(loads) });
  }
  return kernels;
}
