/** The front door of `grammar/`: text to AST, and text to text in the one layout. */
export { parse } from "./parse.ts";
export type { Parsed } from "./parse.ts";
export { format } from "./format.ts";
export type { Formatted } from "./format.ts";
export type * from "./ast.ts";
