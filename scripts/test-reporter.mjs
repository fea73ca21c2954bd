/** A vitest reporter that leaves counts and the reasons of skipped tests in the file `LLMC_TEST_REPORT`, for test.mjs. */
import { writeFileSync } from "node:fs";
import path from "node:path";

export default class CountingReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, skips: [] };
    for (const module of modules) {
      // A file that cannot be imported has no tests, and is a failure.
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        counts[state === "passed" || state === "failed" ? state : "skipped"]++;
        if (state === "skipped")
          counts.skips.push(
            `${path.relative(process.cwd(), module.moduleId)}: ${test.fullName} (${note ?? "no reason given"})`,
          );
      }
    }
    writeFileSync(process.env.LLMC_TEST_REPORT, JSON.stringify(counts));
  }
}
