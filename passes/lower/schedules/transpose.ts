/**
 * transpose: an elementwise kernel whose reads lie side by side along one axis and whose writes along another. A workgroup
 * takes a square of both: it reads along the one into its memory and, behind a barrier, writes along the other, so that
 * both are whole lines of memory. Lines of the square are one element longer than the square, so that its columns lie in
 * different banks.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { InternalError, defined } from "../../../src/support/errors.ts";
import { turnedIn } from "../../tensor/turned.ts";
import { tileAttr } from "../attributes.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { scalarOf } from "../kernel-scalars.ts";
import type { LinearIndex } from "../linear-index.ts";
import type { Index } from "../pull.ts";
import { edge, inside } from "./edge.ts";
import type { Edge } from "./edge.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { along } from "./schedule.ts";
import { isMultiple } from "./tiled-product.ts";

export function transpose(emission: Emission): LaunchShape {
  const { body, ops, builder, emitter, memory, puller, spec } = emission;
  const { value, axis } = defined(turnedIn(body, ops), "a transposition to be done in tiles");
  const { dims, dtype } = value.type;
  const [tile, lines] = [tileAttr(spec.attrs, "tile", 1), tileAttr(spec.attrs, "lines", 1)];
  const last = dims.length - 1;
  const [reads, writes] = [dims[axis] ?? Dim.of(1), dims[last] ?? Dim.of(1)];
  const others = dims.filter((_, which) => which !== axis && which !== last);
  const outer = unflatten(emitter.leaf(builder.builtin("workgroup_z"), Dim.product(others)), others);
  const at = (read: LinearIndex, write: LinearIndex): Index => {
    const rest = [...outer];
    return dims.map((_, which) => (which === axis ? read : which === last ? write : defined(rest.shift(), "an axis")));
  };
  const scalar = scalarOf(dtype);
  if (scalar === "bool") throw new InternalError("workgroup memory holds no bools");
  const square = builder.local("square", "workgroup", scalar, tile * (tile + 1));
  const [x, y] = [builder.builtin("local_x"), builder.builtin("local_y")];
  const sum = (left: KValue, right: KValue): KValue => emitter.binary("add", left, right);
  const line = (i: number): KValue => sum(y, emitter.i32(i * lines));
  const place = (from: KValue, to: KValue): KValue => sum(emitter.binary("mul", from, emitter.i32(tile + 1)), to);
  const edgeOf = (workgroup: "workgroup_x" | "workgroup_y", local: KValue, count: Dim): Edge => {
    const first = emitter.binary("mul", builder.builtin(workgroup), emitter.i32(tile));
    return edge(emission, sum(first, local), count, isMultiple(count, tile));
  };

  const { sharing } = memory;
  memory.sharing = { kind: "lanes", column: -1 };
  const rounds = Array.from({ length: tile / lines }, (_, i) => i);
  const loaded = rounds.map((i) => puller.at(value, at(edgeOf("workgroup_y", x, reads).read, edgeOf("workgroup_x", line(i), writes).read))); // prettier-ignore
  loaded.forEach((element, i) => builder.store(square, place(line(i), x), element));
  memory.sharing = sharing;
  builder.barrier();
  rounds.forEach((i) => {
    const [read, write] = [edgeOf("workgroup_y", line(i), reads), edgeOf("workgroup_x", x, writes)];
    const element = emitter.define(builder.load(square, place(x, line(i))));
    inside(emission, read, () =>
      inside(emission, write, () => {
        const index = at(read.at, write.at);
        puller.seed(value, index, element);
        const flat = flatten(index, dims);
        const elements = body.yields.map((made) => puller.at(made, index));
        elements.forEach((made, which) => memory.store(which, flat, made));
      }),
    );
  });
  return {
    workgroup: [tile, lines, 1],
    grid: [along(writes, tile), along(reads, tile), along(Dim.product(others))],
  };
}
