/** Types of `runtime-types.mjs`. */

/** The public types of the runtime as the text of one declaration file. */
export declare function runtimeTypes(): string;
