/** Types of `bundle-runtime.mjs`. */

/** The bundled runtime as text. */
export declare function runtimeText(options?: {
  readonly minify?: boolean;
  /** Packages that stay imports. */
  readonly external?: readonly string[];
}): Promise<string>;

/** The license text of the bundled library. */
export declare function runtimeNotices(): string;

/** Writes `src/runtime/bundled.generated.ts`. */
export declare function bundleRuntime(): Promise<void>;
