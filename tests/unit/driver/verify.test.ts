/** Which of a model's values are compared with recorded ones, and how a row that cannot be compared is told. */
import { expect, test } from "vitest";
import { recordedNames } from "../../../src/driver/recorded-outputs.ts";
import { compareOutput } from "../../../src/driver/verify.ts";

const forward: ReadonlyMap<string, number[]> = new Map([
  ["logits", [1, 2]],
  ["layers.in", [3]],
  ["layers.out.0", [4]],
  ["layers.out.1", [5]],
]);

const tapped = new Map([...forward, ["hidden.final", [6]] as const]);

test("the last hidden state is what the model taps behind its final norm, else what its last layer returns", () => {
  expect(recordedNames(forward).get("out.hidden.2")).toEqual([5]);
  expect(recordedNames(tapped).get("out.hidden.2")).toEqual([6]);
});

test("every answer has a row, and what may be missing is said", () => {
  const compare = (results: ReadonlyMap<string, number[]>, name: string, answer: number) => {
    const outputs = recordedNames(results);
    const reference = { name, dims: [1], data: [answer] };
    return compareOutput(reference, "js", outputs.get(name), { exact: outputs, rounded: outputs });
  };
  const hint = { reason: expect.stringContaining("hidden.final") as string };
  expect(compare(forward, "out.hidden.2", 7)).toMatchObject({ ok: false, maxError: 2, ...hint });
  expect(compare(forward, "out.hidden.2", 5)).toMatchObject({ ok: true });
  expect(compare(forward, "out.hidden.1", 7)).not.toHaveProperty("reason");
  expect(compare(tapped, "out.hidden.2", 7)).not.toHaveProperty("reason");
  expect(compare(forward, "out.hidden.3", 7)).toMatchObject({ ok: false, reason: "the model has no such output" });
  expect(compare(forward, "out.other", 7)).toMatchObject({ ok: false, reason: "the model has no such output" });
});
