/** A syntax tree without its places, to compare trees of texts that differ in layout. */
export function withoutSpans(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSpans);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => key !== "span" && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutSpans(value)]));
}
