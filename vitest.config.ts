/** One project a kind of test, so that `npm test` can print the seconds of each. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Snapshots are reviewed; a run never writes a new one in CI.
    snapshotFormat: { printBasicPrototype: false, escapeString: false },
  },
});
