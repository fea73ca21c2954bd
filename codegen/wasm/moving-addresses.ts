/**
 * Addresses that a loop moves by the same number of bytes in every round: each is a local that is set before the loop
 * and added to at the end of a round, instead of arithmetic at every access. WebAssembly engines do not find that
 * themselves.
 */
import type { Buffer, KValue, Statement } from "../../src/kernel/ir.ts";
import { elementBytes } from "../../src/kernel/ir.ts";
import type { Definitions } from "./definitions.ts";
import type { FunctionBody } from "./function-body.ts";
import type { MemoryAccess } from "./memory-access.ts";
import type { Code } from "./target.ts";

type Loop = Extract<Statement, { kind: "for" }>;

interface Access {
  readonly buffer: Buffer;
  readonly index: KValue;
}

/** Makes the moving addresses of a loop known to `memory`; answers the code of their steps. */
export function moveAddresses(
  loop: Loop,
  body: FunctionBody,
  definitions: Definitions,
  memory: MemoryAccess,
  push: (value: KValue) => Code,
): Code {
  const step = definitions.literals.get(loop.step);
  if (step === undefined) return [];
  const locals = new Map<string, number>();
  const steps: (readonly [string, ...number[]])[] = [];
  for (const { buffer, index } of accessesOf(loop.body)) {
    const base = memory.baseOf(buffer);
    if (base === undefined) continue;
    const { root } = memory.split(buffer, index);
    const linear = definitions.linearIn(loop, root);
    if (linear === undefined || linear.factor === 0) continue;
    const { terms, factor, literal } = linear;
    const stride = elementBytes(buffer.element) * buffer.lanes;
    const key = [base, stride, factor, literal, ...terms.map((term) => body.of(term)).sort()].join(" ");
    const known = locals.get(key);
    const local = known ?? body.local(`${buffer.name}_at`, "i32");
    locals.set(key, local);
    memory.move(buffer, root, local);
    if (known !== undefined) continue;
    const sum: Code = [
      ...[...push(loop.from), ["i32.const", factor], ["i32.mul"], ["i32.const", literal], ["i32.add"]] as const, // prettier-ignore
      ...terms.flatMap((term): Code => [...push(term), ["i32.add"]]),
    ];
    body.add(...sum, ["i32.const", stride], ["i32.mul"], ["local.get", base], ["i32.add"], ["local.set", local]);
    steps.push(["local.get", local], ["i32.const", step * factor * stride], ["i32.add"], ["local.set", local]);
  }
  return steps;
}

/** The loads and stores of every round; those of inner loops have addresses of their own. */
function accessesOf(body: readonly Statement[]): readonly Access[] {
  return body.flatMap((statement): readonly Access[] => {
    if (statement.kind === "store") return [statement];
    if (statement.kind === "if") return [...accessesOf(statement.body), ...accessesOf(statement.otherwise)];
    if (statement.kind !== "let" || statement.expression.kind !== "load") return [];
    return [statement.expression];
  });
}
