/**
 * Every code of the catalogue: `llmc explain` shows one example that has the mistake and one that looks alike. Both are
 * run as shown: the one gives this code and nothing else, with a picture that is a snapshot; the other gives nothing.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { format } from "../../../grammar/index.ts";
import { runCommandLine } from "../../../src/cli/program.ts";
import { compile } from "../../../src/driver/compile.ts";
import { importConfig } from "../../../src/import/index.ts";
import type { TargetInfo } from "../../../src/kernel/target-info.ts";
import { PROFILES } from "../../../src/profiles/index.ts";
import type { CommandExample, Example, ProfileExample } from "../../../src/support/catalogue/example.ts";
import type { Diagnostic } from "../../../src/support/diagnostic.ts";
import { DIAGNOSTICS } from "../../../src/support/diagnostic-catalogue.ts";
import { renderDiagnostic } from "../../../src/support/render-diagnostic.ts";
import { workFolder } from "../../package/work-folder.ts";

const { work } = workFolder();

/** What an example gives: the codes, each once, and what a person sees. */
interface Shown {
  readonly codes: readonly string[];
  readonly picture: string;
}

/** Runs the command line in this process, twice: for the document and for the picture. */
async function shownByCommand(code: string, { file, text, command }: CommandExample): Promise<Shown> {
  const path = join(work, `${code}-${file}`);
  writeFileSync(path, text);
  const [program, ...args] = command.split(" ");
  expect(program).toBe("llmc");
  const argv = args.map((arg) => (arg.startsWith(file) ? path + arg.slice(file.length) : arg));
  const printed = async (more: readonly string[]): Promise<{ stdout: string; stderr: string }> => {
    const texts = { stdout: "", stderr: "" };
    const spies = (["stdout", "stderr"] as const).map((name) =>
      vi.spyOn(process[name], "write").mockImplementation((part) => {
        texts[name] += String(part);
        return true;
      }),
    );
    try {
      await runCommandLine([...argv, ...more], { exitCode: undefined } as never);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    return texts;
  };
  type Document = { diagnostics?: { code: string }[]; error?: { code: string; diagnostics?: { code: string }[] } };
  const document = JSON.parse((await printed(["--json"])).stdout) as Document;
  // Anything but a mistake of the source would be no code of the catalogue.
  if (document.error !== undefined) expect(document.error.diagnostics).toBeDefined();
  const found = document.diagnostics ?? document.error?.diagnostics ?? [];
  const { stderr } = await printed([]);
  return { codes: [...new Set(found.map((each) => each.code))], picture: stderr.replaceAll(path, file) };
}

function profileOf({ like, change }: ProfileExample): TargetInfo {
  const base = PROFILES.find(({ name }) => name === like)!;
  const changed = Object.entries(change).map(([key, value]) => [
    key,
    typeof value === "object" ? { ...(base[key as keyof TargetInfo] as object), ...value } : value,
  ]);
  return { ...base, ...Object.fromEntries(changed) } as TargetInfo;
}

async function run(code: string, example: Example): Promise<Shown> {
  const drawn = (diagnostics: readonly Diagnostic[], files: readonly { path: string; text: string }[]): Shown => ({
    codes: [...new Set(diagnostics.map((each) => each.code))],
    picture: diagnostics
      .map((each) => renderDiagnostic(each, new Map(files.map((file) => [file.path, file])), { colour: false }))
      .join("\n"),
  });
  const file = { path: "model.llm", text: example.text };
  switch (example.kind) {
    case "command":
      return shownByCommand(code, example);
    case "profile": {
      const { diagnostics } = compile(file, {
        profiles: [profileOf(example)],
        entries: ["forward"],
        batch: example.batch,
      });
      return drawn(diagnostics, [file]);
    }
    case "template": {
      const config = { path: "config.json", text: example.config };
      return drawn(importConfig(config, { llama: file }).diagnostics, [file, config]);
    }
  }
}

it("has at least 60 codes, each in the range of its file and with words of its own", () => {
  const entries = Object.entries(DIAGNOSTICS);
  expect(entries.length).toBeGreaterThanOrEqual(60);
  for (const [code] of entries) expect(code).toMatch(/^LLM0[1-5]\d\d$/);
  const titles = entries.map(([, { title }]) => title);
  expect(new Set(titles).size).toBe(titles.length);
});

describe.each(Object.entries(DIAGNOSTICS))("%s", (code, entry) => {
  it("is what its wrong example gives, and nothing else", async () => {
    const { codes, picture } = await run(code, entry.wrong);
    expect(codes).toEqual([code]);
    expect(picture).toContain(`[${code}]`);
    expect(picture).toMatchSnapshot();
  });

  it("is not given by its right example, nor is another", async () => {
    expect((await run(code, entry.right)).codes).toEqual([]);
  });

  it("shows examples that are laid out and that differ", () => {
    for (const example of [entry.wrong, entry.right]) {
      const isSource = example.kind === "command" && example.shown === undefined && example.file.endsWith(".llm");
      if (example.kind !== "profile" && !isSource) continue;
      const { diagnostics, text } = format({ path: "model.llm", text: example.text });
      if (!diagnostics.some(({ severity }) => severity === "error")) expect(text).toBe(example.text);
    }
    expect(entry.wrong).not.toEqual(entry.right);
  });
});
