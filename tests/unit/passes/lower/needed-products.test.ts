/**
 * Which products of a kernel are summed under a condition, and that the kernel's answers are those of the interpreter of
 * the tensor IR: products that nobody looks at everywhere, and beside them those that look alike and are needed.
 */
import { describe, expect, it } from "vitest";
import type { Attrs, Builder, TensorType, Value } from "../../../../src/ir/index.ts";
import { tensorType } from "../../../../src/ir/index.ts";
import { walkStatements } from "../../../../src/kernel/walk.ts";
import type { Expression, KValue, Kernel } from "../../../../src/kernel/ir.ts";
import { B, T, check, f32 } from "../../../support/group-case.ts";
import type { Body } from "../../../support/group-case.ts";

const [N, K] = [6, 8];
/** x, three weights, a condition for each row, for each text, and for each column. */
const TYPES = [f32(B, T, K), ...[0, 1, 2].map(() => f32(K, N)), ...[tensorType("bool", [B, T, 1]), tensorType("bool", [B, 1, 1]), tensorType("bool", [N])]]; // prettier-ignore

/** Loops of a kernel's sums that have steps under a condition only, and all of them. */
function loopsOf({ body }: Kernel): readonly [number, number] {
  const made = new Map<KValue, Expression>();
  const bounds: KValue[] = [];
  walkStatements(body, (statement) => {
    if (statement.kind === "let") made.set(statement.result, statement.expression);
    if (statement.kind === "for") bounds.push(statement.to);
  });
  return [bounds.filter((to) => made.get(to)?.kind === "select").length, bounds.length];
}

interface Given {
  readonly b: Builder;
  /** Each makes its product. */
  readonly p: () => Value;
  readonly q: () => Value;
  readonly r: () => Value;
  readonly row: Value;
  readonly text: Value;
  readonly column: Value;
}

const bodyOf =
  (make: (given: Given) => readonly Value[]): Body =>
  (b, [x, ...rest]) => {
    const product = (which: number) => (): Value => b.emit("matmul", [x!, rest[which]!]);
    return make({ b, p: product(0), q: product(1), r: product(2), row: rest[3]!, text: rest[4]!, column: rest[5]! });
  };

const ramp = (b: Builder): Value => b.emit("cast", [b.emit("iota", [], { shape: [N], axis: 0 })], { dtype: "f32" });

/** Loops under a condition, loops, and the results of a kernel. */
const CASES: Readonly<Record<string, readonly [number, number, (given: Given) => readonly Value[]]>> = {
  "one of two": [2, 2, ({ b, p, q, row }) => [b.emit("select", [row, p(), q()])]],
  "one of three, through points": [
    3,
    3,
    ({ b, p, q, r, row, text }) => {
      const inner = b.emit("silu", [b.emit("select", [text, b.emit("neg", [p()]), q()])]);
      return [b.emit("add", [b.emit("select", [row, inner, b.emit("tanh", [r()])]), ramp(b)])];
    },
  ],
  "two that are needed together, in one loop": [
    1,
    2,
    ({ b, p, q, r, row }) => [b.emit("add", [b.emit("select", [row, b.emit("mul", [p(), q()]), ramp(b)]), r()])],
  ],
  "one inside of what is needed": [
    2,
    2,
    ({ b, p, q, row, text }) => {
      const inner = b.emit("add", [p(), b.emit("select", [text, q(), ramp(b)])]);
      return [b.emit("select", [row, inner, ramp(b)])];
    },
  ],
  "by a condition of columns: all": [0, 1, ({ b, p, q, column }) => [b.emit("select", [column, p(), q()])]],
  "by what a product says: all": [
    0,
    1,
    ({ b, p, q, r }) => [b.emit("select", [b.emit("ge", [r(), ramp(b)]), p(), q()])],
  ],
  "on both sides: always": [
    0,
    1,
    ({ b, p, row }) => {
      const made = p();
      return [b.emit("select", [row, made, made])];
    },
  ],
  "that is stored too: that one always": [
    1,
    2,
    ({ b, p, q, row }) => {
      const made = p();
      return [b.emit("select", [row, made, q()]), made];
    },
  ],
  "that is added behind the choice: that one always": [
    1,
    2,
    ({ b, p, q, row }) => {
      const made = q();
      return [b.emit("add", [b.emit("select", [row, p(), made]), made])];
    },
  ],
};

/** Many lanes a row, and one. */
const SCHEDULES: readonly Attrs[] = [4, 1].map((lanes) => ({ schedule: "matvec", lanes, columns: 4 }));

describe.each(SCHEDULES)("$schedule of $lanes lanes", (attrs) => {
  it.each(Object.entries(CASES))("%s", (_, [conditional, all, make]) => {
    const program = check(TYPES, attrs, bodyOf(make), "interpreter");
    expect(loopsOf(program.kernels[0]!)).toEqual([conditional, all]);
  });
});

describe("a choice", () => {
  const reductionsOf = ({ body }: Kernel): number => {
    let count = 0;
    walkStatements(body, (statement) => {
      if (statement.kind === "let" && statement.expression.kind === "workgroup_reduce") count++;
    });
    return count;
  };

  it("among products has the reductions of one, and what may be needed together those of all", () => {
    const count = (make: (given: Given) => readonly Value[]): number => reductionsOf(check(TYPES, SCHEDULES[0]!, bodyOf(make), "interpreter").kernels[0]!); // prettier-ignore
    const one = count(({ p }) => [p()]);
    expect(one).toBeGreaterThan(0);
    expect(count(CASES["one of two"]![2])).toBe(one);
    expect(count(CASES["one of three, through points"]![2])).toBe(one);
    expect(count(CASES["one inside of what is needed"]![2])).toBe(2 * one);
  });

  it("by a product of one column waits for it", () => {
    const narrow = [f32(B, T, K), ...[0, 1, 2].map(() => f32(K, 1)), ...TYPES.slice(4)];
    const body = bodyOf(({ b, p, q, r, row }) => [
      b.emit("select", [b.emit("ge", [r(), b.emit("cast", [row], { dtype: "f32" })]), p(), q()]),
    ]);
    const program = check(narrow, { schedule: "matvec", lanes: 4, columns: 4 }, body, "interpreter");
    expect(loopsOf(program.kernels[0]!)).toEqual([0, 1]);
  });
});

describe("matmul.registers", () => {
  const attrs: Attrs = { schedule: "matmul.registers", tile_rows: 2, tile_columns: 4, workgroup_rows: 1, workgroup_columns: 2 }; // prettier-ignore
  /** A matrix for each text. */
  const matrices = [f32(B, T, K), ...[0, 1, 2].map(() => f32(B, K, N)), ...TYPES.slice(4)];
  /** Of two products one is chosen: in how many loops they are summed. */
  const loops = (types: readonly TensorType[], condition: "row" | "text"): number => {
    const body = bodyOf((given) => [given.b.emit("select", [given[condition], given.p(), given.q()])]);
    return loopsOf(check(types, attrs, body, "interpreter").kernels[0]!)[1];
  };

  it("asks once for a tile, where each matrix of a batch has a layer of the grid", () => {
    expect(loops(matrices, "text")).toBe(2);
  });

  it("gives no terms to a tile without a row inside, and asks nothing where all have one", () => {
    const body: Body = (b, [x, w]) => [b.emit("matmul", [x!, w!])];
    const plain = (x: TensorType): unknown => loopsOf(check([x, f32(K, N)], attrs, body, "interpreter").kernels[0]!);
    expect(plain(f32(B, T, K))).toEqual([1, 1]);
    expect(plain(f32(4, K))).toEqual([0, 1]);
  });

  it("sums all where a tile may hold rows of several texts, or the condition differs from row to row", () => {
    expect(loops(TYPES, "text")).toBe(1);
    expect(loops(matrices, "row")).toBe(1);
  });
});
