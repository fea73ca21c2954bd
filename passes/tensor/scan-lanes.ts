/**
 * How a `scan` runs as one kernel: its state is cut along the axes that no step mixes (rows, channels), wherever they
 * lie, one invocation for each place along them ("lanes"); the other axes are private to an invocation, which keeps its
 * part of the state to itself and walks through the positions. What does not depend on the state may be read from anywhere.
 */
import type { Block, Func, Op, Value } from "../../src/ir/ir.ts";
import { walk } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { regionInt } from "../../src/ir/region-types.ts";
import { typeText } from "../../src/ir/type.ts";
import { freeValues } from "../../src/ir/uses.ts";
import type { Related } from "../../src/support/diagnostic.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { ScanAxes, dependentValues, fitsStep } from "./scan-axes.ts";

/**
 * Elements of state that one invocation keeps, all carried values together. It keeps them twice, before and after a
 * step, and WGSL has 8,192 bytes of private memory.
 */
export const MOST_PRIVATE = 1024;

/** For each carried value, then for each result of a step: the axis that each lane is cut along. */
export type ScanLanes = readonly (readonly number[])[];

/** The ops that stand in the step of a scan, at any depth. */
export function opsInSteps(func: Func): ReadonlySet<Op> {
  const found = new Set<Op>();
  walk(func.body, (op, parents) => {
    if (parents.some(({ name }) => name === "scan")) found.add(op);
  });
  return found;
}

/** Why a scan is no kernel, and the way out. */
export interface NoScanLanes {
  readonly sentence: string;
  readonly related: readonly Related[];
  readonly help: string;
}

/** How the state is cut, or why the scan is no kernel. */
export function scanLanes(op: Op, table: OpTable): ScanLanes | NoScanLanes {
  const body = defined(op.regions[0], "a scan has a block");
  const carries = regionInt(op.attrs, "carries");
  const stranger = body.ops.find((inner) => !fitsStep(inner, table));
  if (stranger !== undefined) return strange(stranger, body, carries);
  const axes = new ScanAxes(body, carries, table);
  const states = body.args.slice(0, carries);
  const cut = [...states, ...body.yields.slice(carries)];
  const lanes: number[][] = cut.map(() => []);
  const first = defined(cut[0], "a scan yields something");
  first.type.dims.forEach((_, axis) => {
    const lane = laneAlong(axis, cut, axes, lanes);
    lane?.forEach((own, i) => lanes[i]?.push(own));
  });
  const kept = states.map(({ type }, i) => Dim.product(type.dims.filter((_, axis) => !lanes[i]?.includes(axis))));
  const total = Dim.sum(kept).asNumber();
  return total !== undefined && total <= MOST_PRIVATE ? lanes : tooMuch(states, lanes, axes, total);
}

/**
 * The lane along an axis of the first value: in each of the others, the axis that goes with it, or any free one of its
 * size where nothing ties the two together. Undefined where a step mixes it, or some value has no such axis.
 */
function laneAlong(
  axis: number,
  cut: readonly Value[],
  axes: ScanAxes,
  taken: readonly (readonly number[])[],
): readonly number[] | undefined {
  const size = defined(cut[0]?.type.dims[axis], "an axis");
  const classes = new Set<number>();
  const lane: number[] = [];
  for (const [i, value] of cut.entries()) {
    const fits = (at: number): boolean => value.type.dims[at]?.equals(size) === true && !taken[i]?.includes(at);
    const isDependent = axes.dependents.has(value);
    const tied = isDependent ? value.type.dims.findIndex((_, at) => classes.has(axes.classOf(value, at))) : -1;
    const isFree = (at: number): boolean => fits(at) && !(isDependent && axes.mixerOf(value, at) !== undefined);
    const at = tied >= 0 ? tied : isFree(axis) ? axis : i === 0 ? -1 : value.type.dims.findIndex((_, other) => isFree(other)); // prettier-ignore
    if (!fits(at)) return undefined;
    if (isDependent) classes.add(axes.classOf(value, at));
    lane.push(at);
  }
  return [...axes.dependents].every((value) => occurrences(value, classes, axes) === 1) ? lane : undefined;
}

function occurrences(value: Value, classes: ReadonlySet<number>, axes: ScanAxes): number {
  return value.type.dims.filter((_, axis) => classes.has(axes.classOf(value, axis))).length;
}

function strange(op: Op, body: Block, carries: number): NoScanLanes {
  const inputs = [...op.operands, ...op.regions.flatMap(freeValues)];
  const ofState = dependentValues(body, carries);
  const isOfState = inputs.some((input) => input !== null && ofState.has(input));
  return {
    sentence: `its step holds \`${op.name}\`, which is no part of a kernel`,
    related: op.loc === undefined ? [] : [{ message: `\`${op.name}\` stands here`, loc: op.loc }],
    help: isOfState
      ? "write it with ops on whole tensors: sums, products, lookups, sorts and `cumsum` may depend on the state"
      : "compute it in front of the scan, for all positions at once, and walk along what it gives",
  };
}

function tooMuch(states: readonly Value[], lanes: ScanLanes, axes: ScanAxes, total: number | undefined): NoScanLanes {
  const names = states.map(({ name, type }) => `\`${name}: ${typeText(type)}\``).join(", ");
  const apart = lanes[0] ?? [];
  const kept = apart.length === 1 ? `only axis ${apart[0]}` : `only the axes ${apart.join(", ")}`;
  const cut = apart.length === 0 ? `its steps mix all of the state ${names}` : `its steps keep ${kept} of the state ${names} apart`; // prettier-ignore
  const [amount, help] =
    total === undefined
      ? ["what one invocation would keep has no fixed size", "let a step mix what belongs to one row, and no rows"]
      : [
          `one invocation would keep the other ${total} numbers, where ${MOST_PRIVATE} is the most`,
          "split a mixed axis into heads that stay apart, or mix only what does not depend on the state",
        ];
  return { sentence: `${cut}, and ${amount}`, related: mixings(states, lanes, axes), help };
}

/** Where the axes that are no lanes are mixed, each place once. */
function mixings(states: readonly Value[], lanes: ScanLanes, axes: ScanAxes): readonly Related[] {
  const found = new Map<string, Related>();
  states.forEach((state, i) =>
    state.type.dims.forEach((_, axis) => {
      const mixer = lanes[i]?.includes(axis) === true ? undefined : axes.mixerOf(state, axis);
      if (mixer?.loc === undefined) return;
      const key = JSON.stringify(mixer.loc);
      if (!found.has(key)) found.set(key, { message: `axis ${axis} of \`${state.name}\` is mixed here`, loc: mixer.loc }); // prettier-ignore
    }),
  );
  return [...found.values()];
}
