/** Every example of every rule: the text before becomes the text after, near misses stay, and no bit changes. */
import { describe, expect, test } from "vitest";
import { evaluate, isTensor } from "../../../../src/interp/index.ts";
import type { Func, Tensor } from "../../../../src/ir/index.ts";
import { isFloat, parseFunc, printFunc, removeDead } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import { applyRules } from "../../../../passes/manager/rules.ts";
import { CANONICAL_RULES } from "../../../../passes/tensor/rules/index.ts";

const SPECIAL_FLOATS = [0.5, -0, Infinity, NaN];
const SPECIAL_INTEGERS = [1, -2, 0, 2147483647];

function meaning(func: Func): readonly number[] {
  const args = func.args.map(({ name, value }) => {
    const dims = value.type.dims.map((dim) => dim.evaluate({}));
    const size = dims.reduce((all, n) => all * n, 1);
    const special = isFloat(value.type.dtype) ? SPECIAL_FLOATS : SPECIAL_INTEGERS;
    const data = Float64Array.from({ length: size }, (_, i) => special[i % special.length] ?? 0);
    return [name, { dtype: value.type.dtype, dims, data } satisfies Tensor] as const;
  });
  const params = (path: string): Tensor => {
    throw new Error(path);
  };
  const made = evaluate(func, Object.fromEntries(args), { ops: OPS, params, symbols: {}, mode: "rounded" })["y"];
  if (made === undefined || !isTensor(made)) throw new Error("an example has one result, y");
  return [...made.data];
}

describe.each(CANONICAL_RULES.map((rule) => [rule.name, rule] as const))("%s", (_, rule) => {
  test("has an example that matches", () => {
    expect(rule.examples.some((example) => example.after !== undefined)).toBe(true);
    expect(rule.name).toMatch(/^[a-z-]+$/);
    expect(rule.promise).toBe("bit-exact");
  });

  test.each(rule.examples)("example %#", ({ before, after }) => {
    const func = parseFunc(before, OPS);
    const rewritten = applyRules(func, OPS, [rule]);
    if (after === undefined) expect(rewritten).toBe(func);
    else {
      expect(rewritten).not.toBe(func);
      const expected = printFunc(parseFunc(after, OPS));
      expect(printFunc(removeDead(rewritten, OPS))).toBe(expected);
    }
    const [x, y] = [meaning(func), meaning(rewritten)];
    expect(x.length).toBe(y.length);
    x.forEach((n, i) => expect(Object.is(n, y[i]), `${n} became ${y[i]}`).toBe(true));
  });
});

test("the examples have teeth: x + 0 = x is caught on -0", () => {
  const add = parseFunc(
    "func @f(%x: f32[4]) -> (y: f32[4]) {\n  %c = constant() {value = f32[](0.0)} : f32[]\n  %s = add(%x, %c) : f32[4]\n  return %s\n}\n",
    OPS,
  );
  expect(Object.is(meaning(add)[1], 0)).toBe(true);
  expect(Object.is(meaning(add)[1], -0)).toBe(false);
});
