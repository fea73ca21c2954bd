/** Patterns over parameter paths: `*` is one name, `**` any number of names, `{a,b}` either of the texts. */

/** Whether `path` is one of those that `pattern` names. */
export function matchesPath(pattern: string, path: string): boolean {
  return expandBraces(pattern).some((each) => matchesNames(each.split("."), path.split(".")));
}

/** At most this many alternatives are tried: a pattern of many braces is a mistake, not a wish. */
const MAX_ALTERNATIVES = 1024;

function expandBraces(pattern: string): readonly string[] {
  let expanded = [pattern];
  for (;;) {
    const next = expanded.flatMap((each) => {
      const match = /\{([^{}]*)\}/.exec(each);
      if (match === null) return [each];
      const before = each.slice(0, match.index);
      const after = each.slice(match.index + match[0].length);
      return (match[1] ?? "").split(",").map((choice) => before + choice.trim() + after);
    });
    if (next.length > MAX_ALTERNATIVES || next.every((each, index) => each === expanded[index])) return expanded;
    expanded = next;
  }
}

function matchesNames(pattern: readonly string[], names: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return names.length === 0;
  if (head === "**") {
    for (let skip = 0; skip <= names.length; skip++) if (matchesNames(rest, names.slice(skip))) return true;
    return false;
  }
  const [name, ...others] = names;
  return name !== undefined && (head === "*" || head === name) && matchesNames(rest, others);
}
