/** Lists of layers as periodic runs: each list is covered once, in order. */
import { describe, expect, it } from "vitest";
import { periodicRuns } from "../../../src/sema/periodic-runs.ts";
import { matchesPath } from "../../../src/sema/path-pattern.ts";

describe("periodicRuns", () => {
  it.each([
    ["AAAA", ["0:1x4"]],
    ["ABABA", ["0:2x2", "4:1x1"]],
    ["ABABABC", ["0:2x3", "6:1x1"]],
    ["ABC", ["0:1x1", "1:1x1", "2:1x1"]],
    ["AAB", ["0:1x2", "2:1x1"]],
    ["AABAAB", ["0:3x2"]],
    ["A", ["0:1x1"]],
    ["", []],
  ])("%s", (keys, expected) => {
    expect(periodicRuns([...keys]).map((run) => `${run.start}:${run.period}x${run.count}`)).toEqual(expected);
  });
});

describe("matchesPath", () => {
  it.each([
    ["**.q_proj", "a.b.q_proj", true],
    ["**.q_proj", "a.b.q_proj.weight", false],
    ["**.{q_proj,v_proj}.weight", "a.v_proj.weight", true],
    ["**.{q_proj,v_proj}.weight", "a.k_proj.weight", false],
    ["h.*.attn", "h.3.attn", true],
    ["h.*.attn", "h.3.4.attn", false],
    ["**", "a.b", true],
  ])("%s on %s is %s", (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected);
  });
});
