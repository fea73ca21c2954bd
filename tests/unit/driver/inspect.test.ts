/** Every text that `llmc inspect` shows: there is one for each stage and behind each step, and where it is an IR it parses back. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import { STEP_NAMES, stageOfPass } from "../../../src/driver/steps.ts";
import {
  BUILD_STAGES,
  inspectAst,
  inspectCompilation,
  lastStepFor,
  targetOfStage,
} from "../../../src/driver/inspect.ts";
import { PROFILES } from "../../../src/driver/profiles.ts";
import { parseModule, printModule } from "../../../src/ir/index.ts";
import { parseKernels, printKernel } from "../../../src/kernel/index.ts";
import { OPS } from "../../../src/ops/index.ts";
import { parseProgram, printProgram } from "../../../src/plan/index.ts";

const text = `model Words(vocab: int = 64, dim: int = 8) {
  block Layer(x: f[B, T, dim]) -> f[B, T, dim] {
    use norm: RmsNorm(dim), proj: Linear(dim, dim)
    let a = rope(split_heads(norm(x), 2), 10000.0)
    return x + proj(merge_heads(attention(a, a, a, mask: causal)))
  }

  use embed: Embedding(vocab, dim), layers: Layer[2]

  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    return repeat(layers, embed(tokens)) @ transpose(embed.weight)
  }
}
`;
const words = { path: "words.llm", text };

function shown(stage: (typeof BUILD_STAGES)[number], after?: string): string {
  const target = targetOfStage(stage) ?? "webgpu";
  const profile = PROFILES.find((info) => info.target === target)!;
  const until = lastStepFor(stage, after);
  const compilation = compile(words, { profiles: [profile], entries: ["generate"], texts: true, until });
  expect(compilation.diagnostics).toEqual([]);
  return inspectCompilation(compilation, stage, until).text;
}

/** The text, parsed and printed again; code of a target is no IR and has its own tests. */
function again(stage: string, text: string): string {
  if (stage === "tensor") return printModule(parseModule(text, OPS));
  if (text.startsWith("program")) return printProgram(parseProgram(text, parseKernels), printKernel);
  return parseKernels(text)
    .map((kernel) => printKernel(kernel))
    .join("\n");
}

describe("stages", () => {
  it.each(BUILD_STAGES)("%s", (stage) => {
    const text = shown(stage);
    expect(text.length).toBeGreaterThan(100);
    if (targetOfStage(stage) === undefined) expect(again(stage, text)).toBe(text);
  });

  it("the tree is JSON", () => {
    expect(JSON.parse(inspectAst(words).text!)).toMatchObject({ kind: "file", items: [{ kind: "model" }] });
  });
});

describe("steps", () => {
  it.each(STEP_NAMES)("behind %s", (step) => {
    const stage = stageOfPass(step)!;
    const text = shown(stage, step);
    expect(again(stage, text)).toBe(text);
  });
});
