/** The calls with which conv2d is tested: patches side by side, overlapping ones, each attribute, groups, symbols. */
import type { Sample } from "../../ir/op-def.ts";
import type { Attrs } from "../../ir/ir.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { uniform } from "../support/sample-data.ts";

export function conv2dSamples(rng: Rng): readonly Sample[] {
  const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
  const attrs = (changed: Attrs = {}): Attrs => ({ stride: [1], padding: [0], dilation: [1], groups: 1, ...changed });
  return [
    {
      label: "one",
      operands: [uniform(rng, [1, 1, 1, 1]), uniform(rng, [1, 1, 1, 1]), uniform(rng, [1])],
      attrs: attrs(),
    },
    {
      label: "patches",
      operands: [uniform(rng, [1, 3, 8, 12]), uniform(rng, [5, 3, 4, 4]), uniform(rng, [5])],
      attrs: attrs({ stride: [4] }),
    },
    {
      label: "patches with a rest",
      operands: [uniform(rng, [1, 2, 7, 5]), uniform(rng, [3, 2, 3, 2])],
      attrs: attrs({ stride: [3, 2] }),
    },
    {
      label: "3 by 3, as large as the image",
      operands: [uniform(rng, [2, 3, 5, 7]), uniform(rng, [4, 3, 3, 3]), uniform(rng, [4])],
      attrs: attrs({ padding: [1] }),
    },
    {
      label: "each axis its own way",
      operands: [uniform(rng, [2, 2, 7, 5]), uniform(rng, [3, 2, 2, 3])],
      attrs: attrs({ stride: [2, 3], padding: [1, 2], dilation: [3, 1] }),
    },
    {
      label: "depthwise",
      operands: [uniform(rng, [2, 6, 5, 5]), uniform(rng, [6, 1, 3, 3]), uniform(rng, [6])],
      attrs: attrs({ padding: [1], groups: 6 }),
    },
    {
      label: "groups of patches",
      operands: [uniform(rng, [2, 4, 4, 6]), uniform(rng, [6, 2, 2, 2]), uniform(rng, [6])],
      attrs: attrs({ stride: [2], groups: 2 }),
    },
    {
      label: "beyond a workgroup",
      operands: [uniform(rng, [1, 2, 19, 17]), uniform(rng, [3, 2, 3, 3])],
      attrs: attrs({ stride: [1], padding: [1] }),
    },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 4, 5]), uniform(rng, [4, 3, 3, 3])],
      types: [tensorType("f32", [B, 3, T.add(1), 5]), tensorType("f32", [4, 3, 3, 3])],
      symbols: { B: 2, T: 3 },
      attrs: attrs({ padding: [1] }),
    },
    {
      label: "symbolic patches",
      operands: [uniform(rng, [2, 3, 6, 4]), uniform(rng, [4, 3, 2, 2])],
      types: [tensorType("f32", [B, 3, T.mul(2), 4]), tensorType("f32", [4, 3, 2, 2])],
      symbols: { B: 2, T: 3 },
      attrs: attrs({ stride: [2] }),
    },
  ];
}
