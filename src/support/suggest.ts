/** "Did you mean": the nearest name by edit distance with transpositions (Damerau 1964, restricted form). */

/**
 * The candidate nearest to `name`, if it is near enough to be meant: at most a third of the letters of the shorter one
 * differ. Names of one or two letters are near only to themselves in other capitals: every other one is a letter away.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const most = Math.min(bestDistance - 1, Math.floor(Math.min(name.length, candidate.length) / 3));
    // Each letter more or less is a change.
    if (candidate === name || Math.abs(name.length - candidate.length) > most) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= most) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The message for a name that is none of `known`, with the nearest of them. */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const meant = near === undefined ? "" : `, did you mean \`${near}\`?`;
  return `unknown ${what} \`${name}\`${meant}; there are: ${known.join(", ")}`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(change, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? a.length;
}
