/** Drops values that nobody reads, from the last statement to the first. Stores, barriers and meetings stay. */
import type { KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { isCollective, operandsOf } from "../../src/kernel/walk.ts";

export function removeDead(kernel: Kernel): Kernel {
  const used = new Set<KValue>();
  return { ...kernel, body: sweep(kernel.body, used) };
}

function sweep(body: readonly Statement[], used: Set<KValue>): readonly Statement[] {
  const kept: Statement[] = [];
  const read = (values: readonly KValue[]): void => values.forEach((value) => used.add(value));
  for (const statement of body.toReversed()) {
    if (statement.kind === "let") {
      if (!used.has(statement.result) && !isCollective(statement)) continue;
      read(operandsOf(statement.expression));
      kept.push(statement);
    } else if (statement.kind === "for") {
      read(statement.yields);
      const inner = sweep(statement.body, used);
      const isRead = statement.carried.some(({ result }) => used.has(result));
      if (inner.length === 0 && !isRead) continue;
      read([statement.from, statement.to, statement.step, ...statement.carried.map(({ init }) => init)]);
      kept.push({ ...statement, body: inner });
    } else if (statement.kind === "if") {
      read([...statement.yields, ...statement.otherwiseYields]);
      const [body, otherwise] = [sweep(statement.body, used), sweep(statement.otherwise, used)];
      if (body.length + otherwise.length === 0 && !statement.results.some((result) => used.has(result))) continue;
      read([statement.condition]);
      kept.push({ ...statement, body, otherwise });
    } else {
      if (statement.kind === "store") read([statement.index, statement.value]);
      kept.push(statement);
    }
  }
  return kept.reverse();
}
