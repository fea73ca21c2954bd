/** All rules of canonicalize. One list a file; a new rule is one object in one of them. */
import type { Rule } from "../../manager/rules.ts";
import { ARITHMETIC_RULES } from "./arithmetic.ts";
import { CONSTANT_RULES } from "./constants.ts";
import { MOVE_RULES } from "./moves.ts";

export const CANONICAL_RULES: readonly Rule[] = [...ARITHMETIC_RULES, ...MOVE_RULES, ...CONSTANT_RULES];
