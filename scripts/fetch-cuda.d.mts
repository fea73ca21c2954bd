/** Types of `fetch-cuda.mjs`. */

/** The folder with `lib/`, `include/` and `bin/` of NVIDIA's compiler, or in one line why this machine has none. */
export declare function fetchCuda(): Promise<
  { readonly folder: string; readonly problem?: undefined } | { readonly folder?: undefined; readonly problem: string }
>;
