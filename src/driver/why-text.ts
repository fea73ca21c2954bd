/** The answers of `inspect --why` as a person reads them. */
import type { Side, Why } from "./why.ts";

/** The answers as a person reads them. */
export function whyText(answers: readonly Why[]): string {
  return answers.map(textOf).join("\n");
}

function textOf({ functions, absent, first, second, together, merges, apart }: Why): string {
  const where = functions.map((name) => `@${name}`).join(", ");
  if (absent.length > 0) return `${where}: there is no ${absent.map((asked) => `\`${asked}\``).join(" and no ")}\n`;
  const [one, other] = [first, second].map(sideText);
  if (together.length > 0) {
    const kernels = together.map((name) => `\`${name}\``).join(", ");
    const lines = merges.map(({ producer, consumer }) => `  merged: ${valuesText(producer)} into the kernel of ${valuesText(consumer)}`); // prettier-ignore
    return [`${where}: ${one} and ${other} are computed in one kernel: ${kernels}`, ...lines, ""].join("\n");
  }
  const lines = apart.map(({ producer, consumer, reason, text }) => `  \`${producer}\` -> \`${consumer}\`: ${text} [${reason}]`); // prettier-ignore
  return [`${where}: no kernel computes both ${one} and ${other}`, ...lines, ""].join("\n");
}

function sideText({ asked, values, kernels }: Side): string {
  const name = values.length === 1 ? `%${values[0]}` : `\`${asked}\` (${valuesText(values)})`;
  return kernels.length === 0
    ? `${name} (no kernel)`
    : `${name} (${kernels.map((kernel) => `\`${kernel}\``).join(", ")})`;
}

/** A few of the values. */
function valuesText(values: readonly string[]): string {
  const most = 6;
  const shown = values.slice(0, most).map((value) => `%${value}`).join(", "); // prettier-ignore
  return values.length > most ? `${shown} and ${values.length - most} more` : shown;
}
