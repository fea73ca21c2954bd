/**
 * Rotary frequencies in radians per position, in f64, as Hugging Face transformers computes them
 * (`modeling_rope_utils.py`): plain, divided by a factor, or with Llama 3's bands of wavelengths.
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

export type RopeScaling =
  { readonly kind: "none" } | { readonly kind: "linear"; readonly factor: number } | Llama3Scaling;

/** `theta^(-2 j / channels)` for j in 0..channels / 2 - 1, then scaled. Su et al. 2021, arXiv:2104.09864. */
export function ropeFrequencies(theta: number, channels: number, scaling: RopeScaling): readonly number[] {
  return Array.from({ length: channels / 2 }, (_, j) => scaled(1 / theta ** ((2 * j) / channels), scaling));
}

function scaled(frequency: number, scaling: RopeScaling): number {
  switch (scaling.kind) {
    case "none":
      return frequency;
    case "linear":
      return frequency / scaling.factor;
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
