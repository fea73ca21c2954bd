/** The options of `generate`: the ends of every range are taken, what lies beyond is an `OptionError` that names it. */
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/runtime/errors.ts";
import { checkTokens, resolveOptions } from "../../../src/runtime/generation-options.ts";
import type { GenerateOptions } from "../../../src/runtime/public-types.ts";
import { promptCounts, samplingInputs } from "../../../src/runtime/sampling.ts";

const VOCAB = 16;
const resolve = (options: GenerateOptions) => resolveOptions(options, [2], VOCAB);

const GOOD: readonly GenerateOptions[] = [
  { minP: 0 },
  { minP: 1 },
  { repetitionPenalty: 0.01 },
  { repetitionPenalty: 100 },
  { presencePenalty: -100, frequencyPenalty: 100 },
  { logitBias: { 0: -1e6, 15: 1e6, 3: -Infinity } },
  { logitBias: {} },
];
const BAD: readonly (readonly [GenerateOptions, RegExp])[] = [
  [{ minP: -0.1 }, /^minP must be from 0 to 1, not -0.1$/],
  [{ minP: 1.1 }, /^minP must be/],
  [{ minP: NaN }, /^minP must be from 0 to 1, not NaN$/],
  [{ repetitionPenalty: 0 }, /^repetitionPenalty must be from 0.01 to 100, not 0$/],
  [{ repetitionPenalty: Infinity }, /^repetitionPenalty must be/],
  [{ presencePenalty: 101 }, /^presencePenalty must be from -100 to 100, not 101$/],
  [{ frequencyPenalty: -101 }, /^frequencyPenalty must be from -100 to 100, not -101$/],
  [{ frequencyPenalty: NaN }, /^frequencyPenalty must be/],
  [{ logitBias: { 16: 1 } }, /^logitBias must name tokens below 16, not 16$/],
  [{ logitBias: { [-1]: 1 } }, /^logitBias must name tokens/],
  [{ logitBias: { 1.5: 1 } }, /^logitBias must name tokens/],
  [
    { logitBias: { the: 1 } as GenerateOptions["logitBias"] & object },
    /^logitBias must name tokens below 16, not the$/,
  ],
  [{ logitBias: { 1: NaN } }, /^logitBias of token 1 must be from -1000000 to 1000000, or -Infinity, not NaN$/],
  [{ logitBias: { 1: Infinity } }, /^logitBias of token 1 must be/],
];

describe("what are no options", () => {
  it.each([
    [{ max_tokens: 5 }, /^an option must be maxTokens, not max_tokens$/],
    [{ "top-p": 1 }, /must be topP/],
    [null, /^the options are an object, not null$/],
    ["stop", /^the options are an object, not stop$/],
    [{ beams: 4 }, /^an option must be maxTokens,temperature,.*stopAtEos, not beams$/],
  ])("%j", (options, words) => {
    const given = options as unknown as GenerateOptions;
    expect(() => resolve(given)).toThrow(OptionError);
    expect(() => resolve(given)).toThrow(words);
  });

  it("a prompt that is neither text nor tokens", () => {
    for (const prompt of [null, undefined, 5, {}, []] as unknown as readonly (readonly number[])[])
      expect(() => checkTokens(prompt, VOCAB)).toThrow(OptionError);
    expect(() => checkTokens([1, 2], VOCAB)).not.toThrow();
  });
});

describe("the controls of sampling", () => {
  it.each(GOOD)("%j is in range", (options) => {
    expect(() => resolve(options)).not.toThrow();
  });

  it.each(BAD)("%j is an OptionError", (options, message) => {
    expect(() => resolve(options)).toThrow(OptionError);
    expect(() => resolve(options)).toThrow(message);
  });

  it("default to what changes nothing", () => {
    const { penalties, logit_bias: bias, min_p: minP } = samplingInputs(resolve({}), VOCAB);
    expect([...penalties!]).toEqual([1, 0, 0]);
    expect([...bias!, ...minP!]).toEqual(new Array<number>(VOCAB + 1).fill(0));
    expect(promptCounts(resolve({}), [1, 2], VOCAB)).toBeUndefined();
  });

  it("count each token of the prompt once, where a penalty reads it", () => {
    for (const options of [{ repetitionPenalty: 1.1 }, { presencePenalty: 0.1 }, { frequencyPenalty: -0.1 }])
      expect([...promptCounts(resolve(options), [1, 3, 1], 5)!]).toEqual([0, 1, 0, 1, 0]);
  });

  it("ban a token with the largest negative number, which every device takes", () => {
    const { logit_bias: bias } = samplingInputs(resolve({ logitBias: { 1: -Infinity, 2: 0.5 } }), 3);
    expect([...bias!]).toEqual([0, -3.4028234663852886e38, 0.5]);
  });
});
