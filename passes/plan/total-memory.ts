/**
 * LLM0410: all buffers of a program together against the memory of a profile, at the capacities. A part that is too
 * large by itself has been told before.
 */
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import type { BufferKind, Program } from "../../src/plan/ir.ts";
import { programBuffers } from "../../src/plan/program-buffers.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";

const WORDS: Readonly<Record<BufferKind, string>> = {
  weight: "weights",
  constant: "constants",
  state: "state, which is mostly caches",
  input: "inputs",
  output: "outputs",
  temporary: "activations",
  arena: "activations",
};

const WAYS_OUT: Partial<Readonly<Record<BufferKind, string>>> = {
  weight: "build with a smaller `--storage` type, or for another target",
  state: "build with a smaller `--context` or `--batch`, or for another target",
};
const OTHER_WAY_OUT = "build with a smaller `--chunk` or `--batch`, or for another target";

/** The diagnostic names what takes most, and the way out that helps with that. */
export function memoryProblems(program: Program, { name, limits }: TargetInfo): readonly Diagnostic[] {
  const { maxMemoryBytes, bindingOffsetAlignment: alignment } = limits;
  if (maxMemoryBytes === undefined) return [];
  const byKind = new Map<BufferKind, number>();
  for (const { kind, bytes } of programBuffers(program).buffers)
    byKind.set(kind, (byKind.get(kind) ?? 0) + Math.ceil(bytes / alignment) * alignment);
  const parts = [...byKind].sort(([, a], [, b]) => b - a);
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const [largest] = parts;
  if (total <= maxMemoryBytes || largest === undefined) return [];
  return [
    diagnostic("LLM0410", `the model needs ${total} bytes in all its buffers together, \`${name}\` has ${maxMemoryBytes}`, {
      notes: [
        `\`maxMemoryBytes\` of profile ${name}`,
        ...parts.slice(0, 3).map(([kind, bytes]) => `${bytes} bytes are ${WORDS[kind]}`),
      ],
      help: WAYS_OUT[largest[0]] ?? OTHER_WAY_OUT,
    }),
  ]; // prettier-ignore
}
