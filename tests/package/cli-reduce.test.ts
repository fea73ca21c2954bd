/** `llmc reduce`: the command decides, the file stays, and what goes wrong is said with the right exit code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { llmc, llmcJson } from "./command-line.ts";
import { workFolder } from "./work-folder.ts";

const { work, write } = workFolder();

const text = `// a remark
model Tiny(dim: int = 64, heads: int = 2) {
  use norm: RmsNorm(dim), up: Linear(dim, 4 * dim), down: Linear(4 * dim, dim)

  forward(x: f[B, T, dim]) -> f[B, T, dim] {
    let h = down(silu(up(norm(x))))
    return x + softmax(h) * heads
  }
}
`;

describe("reduce", () => {
  it("writes the smallest source for which the command exits with 0, beside the file", () => {
    const file = write("model.llm", text);
    const { exitCode, ...document } = llmcJson(["reduce", file, "--when", "grep -q softmax"]);
    const out = join(work, "model.reduced.llm");
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ ok: true, file: out, before: { lines: 9 }, after: { lines: 5 } });
    expect(readFileSync(out, "utf8")).toBe("model Tiny() {\n  forward() -> f[] {\n    return softmax\n  }\n}\n");
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("puts the candidate where {} stands, also in a folder whose name has a blank", () => {
    const file = write("two words.llm", text);
    const out = join(work, "small one.llm");
    expect(llmc(["reduce", file, "--when", "grep -q silu {} && test -f {}", "--out", out]).exitCode).toBe(0);
    expect(readFileSync(out, "utf8")).toContain("silu");
    expect(readFileSync(out, "utf8").length).toBeLessThan(80);
  });

  it("refuses what it cannot do, and leaves the file alone", () => {
    const file = write("same.llm", text);
    const failure = (...args: string[]): unknown => {
      const { exitCode, error } = llmcJson(["reduce", ...args]);
      return [exitCode, (error as { code: string } | undefined)?.code];
    };
    expect(failure(file, "--when", "false")).toEqual([2, "usage"]);
    expect(failure(file, "--when", "true", "--out", file)).toEqual([2, "usage"]);
    expect(failure(file)).toEqual([2, "usage"]);
    expect(failure(join(work, "none.llm"), "--when", "true")).toEqual([5, "file"]);
    expect(failure(write("broken.llm", "model {"), "--when", "true")).toEqual([1, "source"]);
    expect(failure(file, "--when", "sleep 9", "--timeout", "1")).toEqual([2, "usage"]);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});
