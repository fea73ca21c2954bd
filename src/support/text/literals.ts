/** How numbers and strings look in all IR texts: what JavaScript's `String(x)` prints, or `-0.0`, `inf`, `nan`. */

/** Text of a float; reads back bit for bit. Whole numbers get `.0`, so that a float is never taken for an integer. */
export function floatText(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (x === Infinity) return "inf";
  if (x === -Infinity) return "-inf";
  if (Object.is(x, -0)) return "-0.0";
  const text = String(x);
  return Number.isInteger(x) && !text.includes("e") ? `${text}.0` : text;
}

export function parseFloatText(text: string): number {
  if (text === "nan" || text === "-nan") return NaN;
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  return Number(text);
}

/** A double-quoted string with JSON's escapes. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

export function unquote(quoted: string): string {
  return JSON.parse(quoted) as string;
}
