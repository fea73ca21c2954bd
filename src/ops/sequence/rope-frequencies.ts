/**
 * Rotary frequencies in radians per position, in f64, as Hugging Face transformers computes them
 * (`modeling_rope_utils.py`): plain, divided by a factor or by one factor each, or with the bands of Llama 3 and of YaRN.
 */

export interface Llama3Scaling {
  readonly kind: "llama3";
  /** Positions are this much closer together at low frequencies. */
  readonly factor: number;
  /** Wavelengths above `original / low` are scaled fully. */
  readonly low: number;
  /** Wavelengths below `original / high` are not scaled. */
  readonly high: number;
  /** The context that the model was trained with, in positions. */
  readonly original: number;
}

/** Peng et al. 2023, arXiv:2309.00071. */
export interface YarnScaling {
  readonly kind: "yarn";
  /** Positions are this much closer together at low frequencies. */
  readonly factor: number;
  /** The context that the model was trained with, in positions. */
  readonly original: number;
  /** Frequencies that turn at least this often within `original` are not scaled. */
  readonly fast: number;
  /** Frequencies that turn at most this often are scaled fully. */
  readonly slow: number;
  /** Whether the pairs at which the blend begins and ends are rounded outwards to whole ones. */
  readonly truncate: boolean;
}

export type RopeScaling =
  | { readonly kind: "none" }
  | { readonly kind: "linear"; readonly factor: number }
  /** LongRoPE (Ding et al. 2024, arXiv:2402.13753): what each frequency is divided by. */
  | { readonly kind: "longrope"; readonly factors: readonly number[] }
  | Llama3Scaling
  | YarnScaling;

/** `theta^(-2 j / channels)` for j in 0..channels / 2 - 1, then scaled. Su et al. 2021, arXiv:2104.09864. */
export function ropeFrequencies(theta: number, channels: number, scaling: RopeScaling): readonly number[] {
  const plain = Array.from({ length: channels / 2 }, (_, j) => 1 / theta ** ((2 * j) / channels));
  if (scaling.kind === "yarn") return yarn(plain, theta, scaling);
  return plain.map((frequency, j) => scaled(frequency, j, scaling));
}

function scaled(frequency: number, pair: number, scaling: Exclude<RopeScaling, YarnScaling>): number {
  switch (scaling.kind) {
    case "none":
      return frequency;
    case "linear":
      return frequency / scaling.factor;
    case "longrope":
      return frequency / (scaling.factors[pair] ?? 1);
    case "llama3":
      return llama3(frequency, scaling);
  }
}

function llama3(frequency: number, { factor, low, high, original }: Llama3Scaling): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > original / low) return frequency / factor;
  if (wavelength < original / high) return frequency;
  const smooth = (original / wavelength - low) / (high - low);
  return (1 - smooth) * (frequency / factor) + smooth * frequency;
}

/** The share of the divided frequency grows linearly with the pair, between the pairs that turn `fast` and `slow` times. */
function yarn(plain: readonly number[], theta: number, scaling: YarnScaling): readonly number[] {
  const { factor, original, fast, slow, truncate } = scaling;
  const channels = 2 * plain.length;
  const pairThatTurns = (times: number): number =>
    (channels * Math.log(original / (times * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairThatTurns(fast), pairThatTurns(slow)];
  const from = Math.max(truncate ? Math.floor(first) : first, 0);
  const to = Math.min(truncate ? Math.ceil(last) : last, channels - 1);
  const width = from === to ? 0.001 : to - from;
  return plain.map((frequency, pair) => {
    const share = Math.min(Math.max((pair - from) / width, 0), 1);
    return share * (frequency / factor) + (1 - share) * frequency;
  });
}
