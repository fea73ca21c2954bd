/**
 * The plan as text. Reads back equal (`parse.ts`). The kernels' own text is made by `src/kernel`, whose printer is
 * passed in; here stands only where they run.
 */
import { rowsAttr } from "../ir/param-rows.ts";
import type { Extent, Kernel } from "../kernel/ir.ts";
import { floatText, quote } from "../support/text/literals.ts";
import { TextWriter } from "../support/text/writer.ts";
import type { ConstantFill, LaunchStep, Plan, PlanBuffer, Program, Range } from "./ir.ts";

/** The whole program: kernels first, then the plans. `printKernel` gives the text of one kernel. */
export function printProgram(program: Program, printKernel: (kernel: Kernel) => string): string {
  const kernels = program.kernels.map((kernel) => `${printKernel(kernel).trimEnd()}\n`);
  return [`program ${quote(program.profile)}\n`, ...kernels, ...program.plans.map(printPlan)].join("\n");
}

/** One plan. */
export function printPlan(plan: Plan): string {
  const writer = new TextWriter();
  const bucket = Object.entries(plan.bucket).map(([name, size]) => `${name} = ${size}`);
  const { peak, lowerBound } = plan.memory;
  const head = `plan @${plan.entry} (${bucket.join(", ")}) memory(${peak}, ${lowerBound})`;
  writer.braces(head, () => {
    for (const buffer of plan.buffers) writer.line(bufferText(buffer));
    for (const [name, range] of Object.entries(plan.inputs)) writer.line(`input ${quote(name)} = ${rangeText(range)}`);
    for (const [name, range] of Object.entries(plan.outputs))
      writer.line(`output ${quote(name)} = ${rangeText(range)}`);
    const ends = new Map(plan.submits?.map(({ end, seconds }) => [end, seconds]));
    plan.steps.forEach((step, index) => {
      writer.line(launchText(step));
      const seconds = ends.get(index + 1);
      if (seconds !== undefined) writer.line(`submit ${numberText(seconds)}`);
    });
  });
  return writer.toString();
}

function bufferText(buffer: PlanBuffer): string {
  const parts = [`buffer ${quote(buffer.name)} : ${buffer.kind} ${buffer.bytes}`];
  if (buffer.dtype !== undefined) parts.push(buffer.dtype);
  if (buffer.dims !== undefined) parts.push(`[${buffer.dims.join(", ")}]`);
  if (buffer.path !== undefined) parts.push(`path ${quote(buffer.path)}`);
  if (buffer.rows !== undefined) parts.push(`rows (${rowsAttr(buffer.rows).join(", ")})`);
  if (buffer.isFinite === true) parts.push("finite");
  if (buffer.layout !== undefined)
    parts.push(`layout (${buffer.layout.tile.join(", ")}) (${buffer.layout.order.join(", ")})`);
  if (buffer.fill !== undefined) parts.push(fillText(buffer.fill));
  return parts.join(" ");
}

function fillText(fill: ConstantFill): string {
  return fill.kind === "data"
    ? `data ${fill.dtype} (${fill.values.map(numberText).join(", ")})`
    : `angles ${fill.rows} ${numberText(fill.scale)} (${fill.frequencies.map(numberText).join(", ")})`;
}

function rangeText(range: Range): string {
  return `${quote(range.buffer)}[${range.offset}, ${range.bytes}]`;
}

function launchText(step: LaunchStep): string {
  const parts = [
    `launch @${step.kernel} grid(${step.grid.map(extentText).join(", ")}) (${step.bindings.map(rangeText).join(", ")})`,
  ];
  if (step.scalars.length > 0) parts.push(`scalars(${step.scalars.map(numberText).join(", ")})`);
  if (step.merged !== undefined) parts.push(`merged(${step.merged.map(rangeText).join(", ")})`);
  if (step.part !== undefined) parts.push(`part(${step.part.axis}, ${step.part.from}, ${step.part.count})`);
  if (step.loop !== undefined) parts.push(`loop(${quote(step.loop.index)}, ${step.loop.i})`);
  return parts.join(" ");
}

/** `1`, `B*T / 4`, `B / 1 * T / 64`: factors `size / per`, rounded up. */
function extentText(extent: Extent): string {
  return extent.length === 0 ? "1" : extent.map(({ size, per }) => `(${size.toString()}) / ${per}`).join(" * ");
}

function numberText(x: number): string {
  return Number.isSafeInteger(x) && !Object.is(x, -0) ? String(x) : floatText(x);
}
