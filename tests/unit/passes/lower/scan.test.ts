/** An op that no kernel computes is a diagnostic with its place, not a failure of the compiler. */
import { expect, test } from "vitest";
import { lowerModule } from "../../../../passes/lower/index.ts";
import { parseModule, verifyModule } from "../../../../src/ir/index.ts";
import { OPS } from "../../../../src/ops/index.ts";
import { PROFILES } from "../../../../src/profiles/index.ts";

const looping = (loop: string): string => `module "m"

func @f(%x: f32[B, 4], %t: f32[B, 3, 4]) -> (y: f32[B, 4]) {
  ${loop}
  return %y
}
`;

const scan = looping(`%y = scan axis 1 (%h = %x) in(%s = %t) -> f32[B, 4] {
    %r = sum(%h) {axis = 0, keep = true} : f32[1, 4]
    %n = add(%r, %s) : f32[B, 4]
    yield %n
  } loc("m.llm":3:5-3:20)`);
const apart = scan.replace("axis = 0, keep = true} : f32[1, 4]", "axis = 1, keep = true} : f32[B, 1]");
const repeat = looping(`%y = repeat %i in 0..3 (%h = %x) -> f32[B, 4] {
    %n = add(%h, %h) : f32[B, 4]
    yield %n
  } loc("m.llm":3:5-3:20)`);

test.each(PROFILES.map((info) => [info.name, info] as const))(
  "a scan that mixes rows is refused where it stands, a repeat is lowered, for %s",
  (_, info) => {
    const context = { ops: OPS, info, capacities: { B: 2 } };
    const lower = (text: string) => {
      const module = parseModule(text, OPS);
      expect(verifyModule(module, OPS)).toEqual([]);
      return lowerModule(module, context);
    };
    expect(lower(scan).diagnostics).toMatchObject([
      { code: "LLM0409", severity: "error", loc: { start: { line: 3, column: 5 } } },
    ]);
    expect(lower(apart).diagnostics[0]?.message).toContain("stands outside of groups");
    const { diagnostics, program } = lower(repeat);
    expect(diagnostics).toEqual([]);
    expect(program.plans[0]!.steps.filter(({ loop }) => loop !== undefined)).toHaveLength(3);
  },
);
