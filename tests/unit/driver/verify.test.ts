/** Which of a model's values are compared with recorded ones, and how a row that cannot be compared is told. */
import { expect, test } from "vitest";
import { recordedNames } from "../../../src/driver/recorded-outputs.ts";
import { compareOutput } from "../../../src/driver/verify.ts";

const forward = new Map([
  ["logits", [1, 2]],
  ["layers.in", [3]],
  ["layers.out.0", [4]],
  ["layers.out.1", [5]],
]);

test("the last hidden state is what the model taps behind its final norm, and nothing else", () => {
  const without = recordedNames(forward);
  expect([...without.keys()].filter((name) => name.startsWith("out.hidden."))).toEqual([
    "out.hidden.0",
    "out.hidden.1",
  ]);
  expect(without.get("out.hidden.1")).toEqual([4]);
  const tapped = recordedNames(new Map([...forward, ["hidden.final", [6]]]));
  expect(tapped.get("out.hidden.2")).toEqual([6]);
});

test("a hidden state without a name is skipped with a reason, logits are missing", () => {
  const outputs = recordedNames(forward);
  const interpreted = { exact: outputs, rounded: outputs };
  const compare = (name: string) => compareOutput({ name, dims: [1], data: [7] }, "js", outputs.get(name), interpreted);
  expect(compare("out.hidden.2")).toMatchObject({ ok: true, skipped: true, reason: expect.stringContaining("hidden.final") as string }); // prettier-ignore
  expect(compare("out.hidden.1")).toMatchObject({ ok: false, maxError: 3 });
  expect(compare("out.other")).toMatchObject({ ok: false, reason: "the model has no such output" });
});
