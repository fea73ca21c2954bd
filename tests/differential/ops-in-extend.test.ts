/**
 * A model of the ops that language models seldom have, token by token: `extend` on a device for rows of different
 * lengths against `forward` in the interpreter. What each op counts (positions, places, bits of a generator) must go on
 * where the last call ended.
 */
import { describe, expect, it } from "vitest";
import { compile } from "../../src/driver/compile.ts";
import { evaluate } from "../../src/interp/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { js } from "../../src/profiles/js.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { Rng } from "../../src/support/random.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { randomTensor, tensorOf } from "../support/random-tensor.ts";
import { ProgramOnDevice } from "../support/run-on-device.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";
import { programTolerance } from "../support/tolerance.ts";

const text = `model Mixed(vocab: int = 11, dim: int = 8, depth: int = 2) {
  block Layer(x: f[B, T, dim]) -> f[B, T, dim] {
    use qkv: Linear(dim, 3 * dim), norm: RmsNorm(dim)
    param gain: f[dim]
    param kernel: f[1, 1, 2, 3]
    let (q, k, v) = split(qkv(norm(x)), 3)
    let seen = attention(split_heads(q, 2), split_heads(k, 2), split_heads(v, 2), mask: causal, window: iota(T) % 4 + 1)
    let flat = group_norm(reshape(merge_heads(seen), [B * T, dim]), gain, groups: 4)
    let image = conv2d(reshape(flat, [B * T, 1, 2, 4]), kernel, padding: [0, 1])
    let (low, high) = split(reshape(flat, [B, T, dim]), 2)
    let mixed = concat(low + reshape(image, [B, T, 4]), flip(high, axis: -1), axis: -1)
    return x + dropout(softplus(mixed) + relu_squared(mixed), 0.25, seed: 3)
  }

  use embed: Embedding(vocab, dim)
  use layers: Layer[depth]
  param table: f[9, dim]

  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
    let code = reshape(bit_xor(shift_left(tokens, 2), tokens) % 9, [B, T, 1])
    let bag = embedding_bag(table, concat(code, reshape(tokens % 5, [B, T, 1]), axis: -1))
    let noise = random_normal(cast(iota(dim), u32), 1, 2, cast(reshape(iota(T), [T, 1]), u32))
    let place = reshape(cast(iota(T) % 3, f32), [T, 1])
    let h = repeat(layers, embed(tokens) + bag * place + 0.1 * noise)
    return quick_gelu(h * gather(h, reshape(argmax(h), [B, T, 1]))) @ transpose(embed.weight)
  }
}
`;

const LENGTHS = [9, 4, 6];
const [B, LONGEST, CONTEXT, VOCAB] = [LENGTHS.length, 9, 16, 11];
const TOKENS = LENGTHS.map((length, b) => Array.from({ length }, (_, t) => (7 * t + 3 * b + 5) % VOCAB));

describe.each([js, ...CPU_PROFILES])("ops token by token, $name", (info) => {
  const options = { profiles: [info], entries: ["forward", "generate"] as const, batch: B, chunk: LONGEST, context: CONTEXT }; // prettier-ignore
  const { builds, model, diagnostics } = compile({ path: "mixed.llm", text }, options);

  it.each([1, 4, LONGEST])("equals forward for chunks of %i", async (chunk) => {
    expect(diagnostics).toEqual([]);
    const rng = new Rng(11);
    const weights = new Map(model!.parameters.map(({ path, dims }) => [path, randomTensor(rng, "f32", dims)]));
    const weightAt = (path: string): Tensor => weights.get(path)!;
    const forward = model!.module.funcs.find(({ name }) => name === "forward")!;
    const padded = TOKENS.flatMap((row) => [...row, ...new Array<number>(LONGEST - row.length).fill(0)]);
    const [exact, rounded] = (["exact", "rounded"] as const).map((mode) => {
      const args = { tokens: tensorOf("i32", [B, LONGEST], padded) };
      const symbols = { B, T: LONGEST, S: CONTEXT };
      return Object.values(evaluate(forward, args, { ops: OPS, params: weightAt, symbols, mode }))[0] as Tensor;
    });
    const tolerance = programTolerance(exact!, rounded!);
    const rowOf = ({ data }: Tensor, row: number): Tensor => tensorOf("f32", [VOCAB], [...data.slice(row * VOCAB, (row + 1) * VOCAB)]); // prettier-ignore

    const build: BuiltProgram = { info, program: builds[0]!.program, code: builds[0]!.code };
    const program = await ProgramOnDevice.create(
      info === js ? new JsDevice() : new CpuDevice(),
      build,
      weightAt,
      CONTEXT,
    );
    let pos = tensorOf("i32", [B], [0, 0, 0]);
    for (let at = 0; at < LONGEST; at += chunk) {
      const counts = LENGTHS.map((length) => Math.max(0, Math.min(chunk, length - at)));
      const tokens = TOKENS.flatMap((row) => Array.from({ length: chunk }, (_, t) => row[at + t] ?? VOCAB - 1));
      const inputs = { tokens: tensorOf("i32", [B, chunk], tokens), count: tensorOf("i32", [B], counts), pos };
      const results = await program.run(chunk === 1 ? "extend1" : "extend", { B, T: chunk }, inputs);
      const logits = results.read("logits", "f32", [B, VOCAB]);
      pos = results.read("pos", "i32", [B]);
      for (const [b, count] of counts.entries())
        if (count > 0) {
          const expected = rowOf(exact!, b * LONGEST + at + count - 1);
          expect(compareTensors(rowOf(logits, b), expected, tolerance, { what: `row ${b} at ${at}` })).toBeUndefined();
        }
    }
    program.close();
  });
});
