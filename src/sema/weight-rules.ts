/** The `weights` clauses of a model as plain data, with the paths they name checked against its parameters. */
import type { Statement, WeightRule } from "../../grammar/ast.ts";
import { assertNever } from "../support/errors.ts";
import type { Span } from "../support/source.ts";
import type { BlockShape } from "./block-shape.ts";
import type { ParameterInfo } from "./parameters.ts";
import { matchesPath } from "./path-pattern.ts";
import { didYouMean, shownPaths } from "./report.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

/** How a published checkpoint's names differ from the model's paths. */
export interface WeightRules {
  /** `published` prefix or name = `path` here. */
  readonly renames: readonly { readonly published: string; readonly path: string }[];
  /** Prefixes that a checkpoint may leave out. */
  readonly optionalPrefixes: readonly string[];
  /** Patterns of tensors that are not read. */
  readonly ignores: readonly string[];
  /** Tensors that equal a parameter if they are present. */
  readonly ties: readonly { readonly published: string; readonly path: string }[];
  /** Families of tensors that form one parameter: `{index}` occurs in `published`. */
  readonly stacks: readonly { readonly path: string; readonly index: string; readonly published: string }[];
}

/** The rules of all `weights` clauses that the config values choose. Their paths are checked if `isComplete`. */
export function weightRulesOf(
  context: Context,
  shape: BlockShape,
  body: readonly Statement[],
  parameters: readonly ParameterInfo[],
  isComplete: boolean,
): WeightRules {
  const rules = chosenRules(shape, body);
  const of = <K extends WeightRule["kind"]>(kind: K): readonly Extract<WeightRule, { kind: K }>[] =>
    rules.filter((rule): rule is Extract<WeightRule, { kind: K }> => rule.kind === kind);
  if (isComplete) for (const rule of rules) checkRule(context, rule, parameters);
  return {
    renames: of("rename").map((rule) => ({ published: rule.published.value, path: rule.path.value })),
    optionalPrefixes: of("optional_prefix").map((rule) => rule.prefix.value),
    ignores: of("ignore").map((rule) => rule.pattern.value),
    // With an untied head the published name is a parameter of its own, and ties nothing.
    ties: of("tied")
      .filter((rule) => !parameters.some(({ path }) => path === rule.published.value))
      .map((rule) => ({ published: rule.published.value, path: rule.path.value })),
    stacks: of("stack").map((rule) => ({
      path: rule.path.names.map((name) => name.text).join("."),
      index: rule.index.text,
      published: rule.published.value,
    })),
  };
}

function chosenRules(shape: BlockShape, body: readonly Statement[]): readonly WeightRule[] {
  return body.flatMap((statement) => {
    if (statement.kind === "weights") return statement.rules;
    if (statement.kind !== "if") return [];
    const chosen = shape.branches.get(statement);
    return chosen === undefined ? [] : chosenRules(shape, chosen ? statement.then : statement.else);
  });
}

function checkRule(context: Context, rule: WeightRule, parameters: readonly ParameterInfo[]): void {
  switch (rule.kind) {
    case "tied":
      if (!parameters.some((parameter) => parameter.path === rule.path.value))
        missing(context, rule.path.value, rule.path.span, parameters);
      return;
    case "rename": {
      const pattern = rule.path.value.replace(/\{[^{}]*\}/g, "*");
      const isKnown = parameters.some(({ path }) => matchesPath(pattern, path) || matchesPath(`${pattern}.**`, path));
      if (!isKnown) missing(context, rule.path.value, rule.path.span, parameters);
      else checkNumbers(context, rule);
      return;
    }
    case "stack": {
      const path = rule.path.names.map((name) => name.text).join(".");
      // With a leading `...` the names before are those of the published one.
      const isOpen = rule.published.value.startsWith("...");
      const isKnown = parameters.some((each) => each.path === path || (isOpen && each.path.endsWith(`.${path}`)));
      if (!isKnown) missing(context, path, rule.path.span, parameters);
      else if (!rule.published.value.includes(`{${rule.index.text}}`))
        report(
          context,
          "LLM0232",
          `the published name does not contain \`{${rule.index.text}}\``,
          rule.published.span,
          {
            related: [{ message: "counts the parts of the stack", at: rule.index.span }],
            help: `write \`{${rule.index.text}}\` where the published names have the number of the part`,
          },
        );
      return;
    }
    case "optional_prefix":
    case "ignore":
      return;
    default:
      return assertNever(rule, "rule of `weights`");
  }
}

/** Every number of the path comes from the published name; one that does not would stay as it is written. */
function checkNumbers(context: Context, { path, published }: Extract<WeightRule, { kind: "rename" }>): void {
  const labels = [...path.value.matchAll(/\{([A-Za-z_]\w*)\}/g)].map(([text]) => text);
  const unknown = labels.find((label) => !published.value.includes(label));
  if (unknown === undefined) return;
  report(context, "LLM0232", `the published name does not contain \`${unknown}\``, published.span, {
    related: [{ message: `\`${unknown}\` of the path comes from there`, at: path.span }],
    help: `write \`${unknown}\` where the published names have the number`,
  });
}

function missing(context: Context, path: string, span: Span, parameters: readonly ParameterInfo[]): void {
  report(context, "LLM0223", `\`${path}\` names no parameter`, span, {
    ...shownPaths(parameters),
    ...didYouMean(
      path,
      parameters.map((parameter) => parameter.path),
    ),
  });
}
