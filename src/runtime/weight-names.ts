/**
 * From the names of a checkpoint to the parameters of the model, by the rules of the model's `weights` clause.
 * Patterns: `*` stands for one name between dots, `**` for anything, `{a,b}` for either, `{i}` for one name that the
 * other side repeats. A `rename` replaces a whole name or its beginning up to a dot.
 */

/** One rule of a model's `weights` clause: `published` is the name in a checkpoint, `path` the one in the model. */
export type WeightNameRule =
  | { readonly kind: "rename"; readonly published: string; readonly path: string }
  /** Stands before names in some checkpoints and not in others. */
  | { readonly kind: "optional_prefix"; readonly prefix: string }
  | { readonly kind: "ignore"; readonly pattern: string }
  /** Not loaded: compared with the parameter at `path` where the file has it. */
  | { readonly kind: "tied"; readonly published: string; readonly path: string }
  /** The tensor whose name holds the number k at `{index}` is `path[k]`. A leading `...` is any beginning of both. */
  | { readonly kind: "stack"; readonly published: string; readonly path: string; readonly index: string };

export type Resolution =
  | { readonly kind: "parameter"; readonly path: string }
  /** The part `index` of a parameter along its first axis. */
  | { readonly kind: "slice"; readonly path: string; readonly index: number }
  | { readonly kind: "tied"; readonly path: string }
  | { readonly kind: "ignored" }
  | { readonly kind: "extra" };

/** What the tensor called `name` in a file is for. A parameter wins over a rule that ignores it. */
export function resolveName(
  name: string,
  isParameter: (path: string) => boolean,
  rules: readonly WeightNameRule[],
): Resolution {
  const candidates = [
    name,
    ...rules.flatMap((rule) => (rule.kind === "optional_prefix" ? prefixChoices(name, rule.prefix) : [])),
  ];
  const firstParameter = (kind: "rename" | "tied"): string | undefined => {
    for (const candidate of candidates)
      for (const rule of rules) {
        const found = rule.kind === kind ? renamed(candidate, rule.published, rule.path) : undefined;
        if (found !== undefined && isParameter(found)) return found;
      }
    return undefined;
  };
  const path = candidates.find(isParameter) ?? firstParameter("rename");
  if (path !== undefined) return { kind: "parameter", path };
  for (const candidate of candidates)
    for (const rule of rules) {
      const slice = rule.kind === "stack" ? stacked(candidate, rule) : undefined;
      if (slice !== undefined && isParameter(slice.path)) return { kind: "slice", ...slice };
    }
  const tied = firstParameter("tied");
  if (tied !== undefined) return { kind: "tied", path: tied };
  const isIgnored = rules.some(
    (rule) => rule.kind === "ignore" && candidates.some((candidate) => compile(rule.pattern, "whole").test(candidate)),
  );
  return { kind: isIgnored ? "ignored" : "extra" };
}

/** The name without the prefix, or with it. */
function prefixChoices(name: string, prefix: string): readonly string[] {
  return name.startsWith(prefix) ? [name.slice(prefix.length)] : [prefix + name];
}

/** `name` with the part that `published` matches replaced by `path`; undefined where it does not match. */
function renamed(name: string, published: string, path: string): string | undefined {
  const match = compile(published, "prefix").exec(name);
  if (match === null) return undefined;
  let next = 1;
  const written = path.replace(/\{([A-Za-z_]\w*)\}|\*\*?/g, (token, label: string | undefined) => {
    const captured = label === undefined ? match[next] : match.groups?.[label];
    next++;
    return captured ?? token;
  });
  return written + name.slice(match[0].length);
}

const ANY_BEGINNING = "...";

/** The parameter and the place in it for a tensor of a `stack`; undefined where the rule does not match. */
function stacked(
  name: string,
  { published, path, index }: Extract<WeightNameRule, { kind: "stack" }>,
): { readonly path: string; readonly index: number } | undefined {
  const isOpen = published.startsWith(ANY_BEGINNING);
  const match = compile(isOpen ? `**${published.slice(ANY_BEGINNING.length)}` : published, "whole").exec(name);
  const number = match?.groups?.[index] ?? "";
  if (match === null || !/^(0|[1-9]\d{0,8})$/.test(number)) return undefined;
  return { path: (isOpen ? (match[1] ?? "") : "") + path, index: Number(number) };
}

const compiled = new Map<string, RegExp>();

function compile(pattern: string, extent: "whole" | "prefix"): RegExp {
  const key = `${extent} ${pattern}`;
  let found = compiled.get(key);
  if (found === undefined) {
    const body = pattern.replace(/\*\*|\*|\{([^{}]*)\}|[.+?^$()|[\]\\{}]/g, (token, inner: string | undefined) => {
      if (token === "**") return "(.*)";
      if (token === "*") return "([^.]+)";
      if (inner === undefined) return `\\${token}`;
      const either = inner.split(",").map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
      return either.length > 1 ? `(${either.join("|")})` : `(?<${inner}>[^.]+)`;
    });
    found = new RegExp(`^${body}${extent === "whole" ? "$" : "(?=\\.|$)"}`);
    compiled.set(key, found);
  }
  return found;
}
