/** `grammar/OPS.md` says what the op records say. `npx vitest run FILE -u` writes it anew. */
import { describe, expect, it } from "vitest";
import { opReference } from "../../../src/driver/op-reference.ts";
import { OP_LIST, OPS } from "../../../src/ops/index.ts";

const page = opReference(OP_LIST);

describe("grammar/OPS.md", () => {
  it("is up to date", async () => {
    await expect(page).toMatchFileSnapshot("../../../grammar/OPS.md");
  });

  it("names every op that can be called, and no other", () => {
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, name]) => name);
    expect(sections).toEqual([...OPS.keys()].filter((name) => name !== "constant"));
  });

  it("shows a surface instead of operands, defaults and words", () => {
    const section = (name: string): string => page.split(`## ${name}\n`)[1]!.split("\n## ")[0]!;
    expect(section("rope")).toContain("rope(x, theta, dims?,");
    expect(section("rope")).not.toContain("`frequencies`");
    expect(section("attention")).toContain("- `mask` (word): causal or full; default causal.");
    expect(section("softmax")).toMatch(/softmax\(x, axis = -1\)[^]*- `axis` \(int, default `-1`\): /);
    expect(section("add")).not.toMatch(/^- /m);
  });
});
