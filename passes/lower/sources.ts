/**
 * Where the values of a function come from that no kernel computes: weights, constants, tables of angles. Each has a
 * buffer by name, filled at load; a constant of one number has none, each kernel writes it out.
 */
import type { Op } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import { resolvePath } from "../../src/ir/param-path.ts";
import { paramRows, rowsText } from "../../src/ir/param-rows.ts";
import { memberType } from "../../src/ir/region-types.ts";
import type { TensorType } from "../../src/ir/type.ts";
import { typeText } from "../../src/ir/type.ts";
import type { ConstantFill } from "../../src/plan/ir.ts";
import type { Loc } from "../../src/support/source.ts";
import { dimAttr, layoutOf, literalAttr, numberAttr, numbersAttr } from "./attributes.ts";
import type { LoweringContext } from "./lower-group.ts";
import type { Place, PlanBuffers } from "./place.ts";
import { splatOf } from "./pull-move.ts";

/** Gives the same constant the same name in every plan of a program. */
export type ConstantNames = Map<string, string>;

/** Paths that could be names of arguments, of members of a family, or of what a plan names itself: `pos`, `k.0`. */
const LIKE_OTHERS = /^\w+(\.\d+)?$/;

/** The name of a weight's buffer, which no other buffer has, the same in every plan. */
export function weightName(path: string): string {
  return LIKE_OTHERS.test(path) ? `${path} (weight)` : path;
}

export class Sources {
  /** The op that each of these buffers is owed to. */
  readonly origins = new Map<string, Loc | undefined>();

  constructor(
    private readonly buffers: PlanBuffers,
    private readonly constants: ConstantNames,
    private readonly context: LoweringContext,
  ) {}

  /** The weight of an op `param`; `indices` are those of the enclosing loops. */
  parameter(op: Op, indices: Readonly<Record<string, number>>): Place {
    const path = resolvePath(String(op.attrs["path"]), indices);
    const layout = layoutOf(op.attrs);
    const isFinite = this.context.info.hasFiniteHalves === true && result(op).type.dtype === "f16";
    const rows = paramRows(op.attrs);
    const name = weightName(rows === undefined ? path : `${path} ${rowsText(rows)}`);
    this.origins.set(name, op.loc);
    return this.buffers.named(name, result(op).type, {
      ...({ kind: "weight", path } as const),
      ...(layout === undefined ? {} : { layout }),
      ...(rows === undefined ? {} : { rows }),
      ...(isFinite ? { isFinite } : {}),
    });
  }

  constant(op: Op): Place {
    const { type } = result(op);
    const { dtype, data } = literalAttr(op.attrs, "value");
    if (type.family === undefined) {
      if (splatOf(op) !== undefined) return { kind: "recipe", op };
      return this.table(op, type, { kind: "data", dtype, values: [...data] });
    }
    const member = memberType(type);
    const size = data.length / type.family;
    const members = Array.from({ length: type.family }, (_, i): Place => {
      const values = [...data.slice(i * size, (i + 1) * size)];
      const [only] = values;
      return member.dims.length === 0 && only !== undefined
        ? { kind: "number", value: only }
        : this.table(op, member, { kind: "data", dtype, values });
    });
    return { kind: "family", members };
  }

  angles(op: Op): Place {
    return this.table(op, result(op).type, {
      kind: "angles",
      rows: dimAttr(op.attrs, "rows").evaluate(this.context.capacities),
      frequencies: numbersAttr(op.attrs, "frequencies"),
      scale: numberAttr(op.attrs, "scale"),
    });
  }

  private table(op: Op, type: TensorType, fill: ConstantFill): Place {
    const key = `${typeText(type)} ${JSON.stringify(fill)}`;
    const hint = fill.kind === "angles" ? "angles" : "constant";
    const name = this.constants.get(key) ?? `${hint}.${this.constants.size}`;
    this.constants.set(key, name);
    this.origins.set(name, op.loc);
    return this.buffers.named(name, type, { kind: "constant", fill });
  }
}
