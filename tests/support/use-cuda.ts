/** NVIDIA's compiler for a file of tests, which are skipped with the reason where this machine has none. */
import { beforeAll, beforeEach } from "vitest";
import { cudaTools } from "./nvrtc.ts";
import type { CudaTools } from "./nvrtc.ts";

/** A first fetch is a download of 100 MB; for the hook that awaits it, in ms. */
const FETCH_TIMEOUT = 600_000;

/** For the top of a test file: the tools once its tests run; without NVRTC they are skipped with the reason. */
export function useCudaTools(): () => CudaTools {
  let found: CudaTools | string = "not opened yet";
  beforeAll(async () => {
    found = await cudaTools();
  }, FETCH_TIMEOUT);
  beforeEach(({ skip }) => {
    if (typeof found === "string") skip(found);
  });
  return () => {
    if (typeof found === "string") throw new Error(found);
    return found;
  };
}
