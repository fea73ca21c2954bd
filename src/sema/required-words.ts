/**
 * `require activation == "silu" || activation == "relu"`: a requirement that one name is one of several words. What is
 * told of it is told as of a parameter of an op that takes words.
 */
import type { BinaryExpr, Expr } from "../../grammar/ast.ts";

export interface RequiredWords {
  readonly name: string;
  /** In the order of the source, at least one. */
  readonly words: readonly string[];
}

/** The words that `condition` lists, or undefined where it says anything else. */
export function requiredWords(condition: Expr): RequiredWords | undefined {
  if (condition.kind !== "binary") return undefined;
  if (condition.operator === "==") return wordOf(condition);
  if (condition.operator !== "||") return undefined;
  const [left, right] = [requiredWords(condition.left), requiredWords(condition.right)];
  if (left === undefined || left.name !== right?.name) return undefined;
  return { name: left.name, words: [...left.words, ...right.words] };
}

/** `name == "word"`, either way round. */
function wordOf({ left, right }: BinaryExpr): RequiredWords | undefined {
  if (left.kind === "ref" && right.kind === "string") return { name: left.name, words: [right.value] };
  return left.kind === "string" && right.kind === "ref" ? { name: right.name, words: [left.value] } : undefined;
}
