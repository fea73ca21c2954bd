/** Words that no value may be called in emitted JavaScript: reserved words, and what the emitter itself uses. */
export const RESERVED: readonly string[] = (
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
  "finally for function if implements import in instanceof interface let new null package private protected public " +
  "return static super switch this throw true try typeof undefined var void while with yield NaN Infinity Math " +
  "buffers scalars grid f32 bits words halves invocation threads kernel"
).split(" ");
