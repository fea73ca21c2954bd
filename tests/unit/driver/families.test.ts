/**
 * Published families that nobody has an importer for, written in the language: each compiles, generates where it is
 * causal, and keeps to its number of launches for one token. `fixtures/families/README.md` says what they were compared with.
 */
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { resolveSource, withPublishedConfig } from "../../../src/cli/sources.ts";
import { compile } from "../../../src/driver/compile.ts";
import { webgpuGpu } from "../../../src/profiles/webgpu.ts";

const FOLDER = "tests/fixtures/families";
const FAMILIES = readdirSync(FOLDER).filter((name) => !name.includes("."));

/** Launches of `forward`, or of one more token where there is generation. */
function launchesOf(name: string): string {
  const folder = `${FOLDER}/${name}`;
  const { file, settings } = withPublishedConfig(resolveSource(`${folder}/${name}.llm`), folder);
  const options = {
    profiles: [webgpuGpu],
    entries: ["generate"],
    orElse: ["forward"],
    set: settings,
    chunk: 8,
  } as const;
  const { builds, diagnostics } = compile(file, options);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const plan = builds[0]!.program.plans.find(({ entry }) => entry === "extend1" || entry === "forward");
  return `${plan!.entry} ${plan!.steps.length}`;
}

it.each(FAMILIES)("%s", (name) => {
  expect(launchesOf(name)).toMatchSnapshot();
});
