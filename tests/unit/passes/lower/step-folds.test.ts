/** A sum over a scan's state is computed once a step where an invocation has one of them, and where it is needed else. */
import { expect, test } from "vitest";
import { compile } from "../../../../src/driver/compile.ts";
import { printKernel } from "../../../../src/kernel/print.ts";
import { js } from "../../../../src/profiles/js.ts";

/** How deep the loops of the one kernel stand in each other. */
function depthOf(next: string): number {
  const text = `model Steps() {
  forward(x: f[B, T, 5, 7]) -> f[B, T, 5, 7] {
    let y = scan(s: f[B, 5, 7]) over T with x {
      let next = ${next}
      return (next, next)
    }
    return y
  }
}
`;
  const { builds, diagnostics } = compile({ path: "steps.llm", text }, { profiles: [js], entries: ["forward"] });
  expect(diagnostics).toEqual([]);
  const kernels = builds[0]?.program.kernels ?? [];
  expect(kernels).toHaveLength(1);
  const depths = [0];
  let deepest = 0;
  for (const line of printKernel(kernels[0]!).split("\n")) {
    const indent = line.search(/\S/);
    if (indent < 0) continue;
    while (depths.length > 1 && indent <= depths.at(-1)!) depths.pop();
    if (/^\s*(%.* = )?for /.test(line)) depths.push(indent);
    deepest = Math.max(deepest, depths.length - 1);
  }
  return deepest;
}

test.each([
  ["no sum", "0.5 * s + x", 1],
  ["a sum along the first axis", "s * 0.5 + x * sum(s, axis: 1, keep: true)", 2],
  ["a sum along the last axis", "s * 0.5 + x * sum(s, axis: 2, keep: true)", 2],
  ["a sum of what holds a sum", "s * 0.5 + sum(s * sum(s * x, axis: 2, keep: true), axis: 2, keep: true)", 2],
  // Each element of the row has a sum of its own.
  ["running sums", "s * 0.5 + cumsum(s, axis: 2)", 3],
])("%s", (_title, next, depth) => {
  expect(depthOf(next)).toBe(depth);
});
