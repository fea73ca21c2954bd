/** Types of `bundle-runtime.mjs`. */

/** The bundled runtime as text; without the library it imports that one. */
export declare function runtimeText(options?: { readonly library?: boolean }): Promise<string>;

/** The license text of the bundled library. */
export declare function runtimeNotices(): string;

/** Writes `src/runtime/bundled.generated.ts`. */
export declare function bundleRuntime(): Promise<void>;
