/** Types of `bundle-runtime.mjs`. */

/** The modules of the runtime by their file in the package: `runtime.js`, and what it loads on demand. */
export declare function runtimeFiles(): Promise<Readonly<Record<string, string>>>;

/** The module that all others need; without the library it imports that one. */
export declare function runtimeText(options?: { readonly library?: boolean }): Promise<string>;

/** The license text of the bundled library. */
export declare function runtimeNotices(): string;

/** Writes `src/runtime/bundled.generated.ts`. */
export declare function bundleRuntime(): Promise<void>;
