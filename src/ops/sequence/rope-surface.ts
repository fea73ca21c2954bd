/** `rope(x, theta, ...)` of the language: frequencies from theta and a scaling, positions from the T axis. */
import { isInRange } from "../../ir/op-def.ts";
import type { BadArgument, Surface, SurfaceArg } from "../../ir/op-def.ts";
import { typeText } from "../../ir/type.ts";
import { InternalError } from "../../support/errors.ts";
import { iota } from "../support/emit.ts";
import { lastDim } from "../support/shape.ts";
import { isValue } from "../support/surface-args.ts";
import { operand } from "../support/tensor.ts";
import { ropeFrequencies } from "./rope-frequencies.ts";
import { scalingOf, scalingParams } from "./rope-scaling.ts";

/**
 * More channels than a head of any model has. The frequency of each pair is a number of the program: beyond it a config
 * value is a mistake, and would be a table that no device holds.
 */
const CHANNELS = { most: 65_536 } as const;

type Args = Readonly<Record<string, SurfaceArg>>;

export const ropeSurface: Surface = {
  params: [
    { name: "x", kind: "tensor", doc: "f[..., T, D]." },
    { name: "theta", kind: "float", range: { above: 0 }, doc: "The base: frequency j is theta^(-2 j / dims)." },
    { name: "dims", kind: "int", doc: "How many channels are rotated; default all.", range: CHANNELS, optional: true },
    ...scalingParams,
    { name: "interleaved", kind: "bool", doc: "Whether pairs are neighbours; default false.", optional: true },
    { name: "positions", kind: "tensor", doc: "i32[T] or i32[B, T]; default 0, 1, 2, ...", optional: true },
  ],
  build(b, args) {
    const { x, positions } = args;
    const theta = args["theta"];
    if (!isValue(x) || typeof theta !== "number") throw new InternalError("rope: x is no tensor or theta no number");
    const channels = lastDim(x.type).asNumber();
    if (x.type.dims.length < 2 || channels === undefined)
      return `x is ${typeText(x.type)}, and it must be [..., T, D] with D a number`;
    const rotated = numberOr(args, "dims", channels);
    if (!isInRange(CHANNELS, rotated))
      return { kind: "size-beyond", operand: x, axis: x.type.dims.length - 1, size: rotated, unit: "channels", range: CHANNELS }; // prettier-ignore
    if (!Number.isInteger(rotated) || rotated < 2 || rotated % 2 !== 0 || rotated > channels)
      return badDims(args, `dims is ${rotated}, and it must be even, at least 2 and at most the ${channels} channels of x, which is ${typeText(x.type)}`); // prettier-ignore
    const scaled = scalingOf(args, rotated / 2);
    if (typeof scaled === "string") return scaled;
    const attrs = {
      frequencies: ropeFrequencies(theta, rotated, scaled.scaling),
      scale: scaled.scale,
      interleaved: args["interleaved"] === true,
    };
    const placed = isValue(positions) ? positions : iota(b, operand(x.type.dims, x.type.dims.length - 2));
    const inferred = b.table.get("rope")?.infer([x.type, placed.type], attrs);
    return typeof inferred === "string" ? inferred : b.emit("rope", [x, placed], attrs);
  },
};

/** Where `dims` was not given it is the channels that are wrong. */
function badDims(args: Args, sentence: string): BadArgument | string {
  return args["dims"] === undefined ? sentence : { kind: "bad-argument", param: "dims", sentence };
}

function numberOr(args: Args, name: string, otherwise: number): number {
  const found = args[name];
  return typeof found === "number" ? found : otherwise;
}
