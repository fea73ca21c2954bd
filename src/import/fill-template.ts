/**
 * A published example model with other defaults: each default is replaced at its place in the text, so that comments
 * and layout stay. Values of the template that are not given keep their default.
 */
import { parse } from "../../grammar/index.ts";
import type { ConfigParam } from "../../grammar/index.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import { diagnostic } from "../support/diagnostic.ts";
import { quote } from "../support/text/literals.ts";
import type { SourceFile } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import type { TemplateValue, TemplateValues } from "./family.ts";

export interface Filled {
  readonly source: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The text of `template` with `values` as defaults; LLM0314 for a value that the template does not declare. */
export function fillTemplate(template: SourceFile, values: TemplateValues): Filled {
  const { ast, diagnostics } = parse(template);
  const model = ast.items.find((item) => item.kind === "model");
  const problems: Diagnostic[] = [...diagnostics];
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const param = model?.config.find((each) => each.name.text === name);
    if (param?.default === undefined)
      problems.push(
        diagnostic("LLM0314", `the template declares no config value \`${name}\` with a default`, {
          loc: locOf(model?.name.span ?? ast.span),
        }),
      );
    else {
      const { start, end } = param.default.span;
      edits.push({ start, end, text: literalText(value, param) });
    }
  }
  let source = "";
  let at = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    source += template.text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return { source: source + template.text.slice(at), diagnostics: problems };
}

/** The value as a literal of the parameter's type: a float is written with a point or an exponent. */
function literalText(value: TemplateValue, param: ConfigParam): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "object") return `[${value.map((each) => literalText(each, param)).join(", ")}]`;
  const text = String(value).replace("e+", "e");
  return param.type.text === "float" && typeof value === "number" && Number.isInteger(value) && !text.includes("e")
    ? `${text}.0`
    : text;
}
