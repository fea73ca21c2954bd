/**
 * Reads what `print.ts` writes. Plan text is ours, so a malformed one is an `IrTextError`, thrown. The text of a kernel
 * is read by `src/kernel`, whose parser is passed in.
 */
import type { Extent, Kernel } from "../kernel/ir.ts";
import { paramRows } from "../ir/param-rows.ts";
import { DTYPES } from "../ir/type.ts";
import type { DType } from "../ir/type.ts";
import { readDim } from "../support/text/dim-text.ts";
import { TextReader } from "../support/text/reader.ts";
import type { BufferKind, ConstantFill, LaunchStep, Plan, PlanBuffer, Program, Range, Step, Submit } from "./ir.ts";

const KINDS: readonly BufferKind[] = ["weight", "constant", "state", "input", "output", "temporary", "arena"];

/** The inverse of `printProgram`; `parseKernels` (of `src/kernel`) reads the kernels, one after the other. */
export function parseProgram(text: string, parseKernels: (text: string) => readonly Kernel[]): Program {
  const header = new TextReader(text.split("\n", 1)[0] ?? "");
  header.expect("program");
  const profile = header.string();
  const rest = text.slice(text.indexOf("\n") + 1);
  // Plans stand behind the kernels, each head at the start of a line.
  const firstPlan = rest.search(/^plan @/m);
  const plansText = firstPlan < 0 ? "" : rest.slice(firstPlan);
  const kernels = parseKernels(firstPlan < 0 ? rest : rest.slice(0, firstPlan));
  const reader = new TextReader(plansText);
  const plans: Plan[] = [];
  while (!reader.atEnd()) plans.push(readPlan(reader));
  return { profile, kernels, plans };
}

/** The inverse of `printPlan`. */
export function readPlan(reader: TextReader): Plan {
  reader.expect("plan");
  const entry = reader.kind("symbol");
  reader.expect("(");
  const bucket = Object.fromEntries(
    reader.list(")", (): [string, number] => {
      const name = reader.word();
      reader.expect("=");
      return [name, reader.integer()];
    }),
  );
  reader.expect("memory");
  const [peak = 0, lowerBound = 0] = integers(reader);
  reader.expect("{");
  const buffers: PlanBuffer[] = [];
  const inputs: Record<string, Range> = {};
  const outputs: Record<string, Range> = {};
  const steps: Step[] = [];
  const submits: Submit[] = [];
  while (!reader.accept("}")) {
    if (reader.accept("buffer")) buffers.push(readBuffer(reader));
    else if (reader.accept("input")) readNamedRange(reader, inputs);
    else if (reader.accept("output")) readNamedRange(reader, outputs);
    else if (reader.accept("launch")) steps.push(readLaunch(reader));
    else if (reader.accept("submit")) submits.push({ end: steps.length, seconds: reader.number() });
    else reader.fail("expected `buffer`, `input`, `output`, `launch` or `submit`");
  }
  const sliced = submits.length === 0 ? {} : { submits };
  return { entry, bucket, buffers, steps, ...sliced, inputs, outputs, memory: { peak, lowerBound } };
}

function integers(reader: TextReader): readonly number[] {
  reader.expect("(");
  return reader.list(")", () => reader.integer());
}

function numbers(reader: TextReader): readonly number[] {
  reader.expect("(");
  return reader.list(")", () => reader.number());
}

function oneOf<W extends string>(reader: TextReader, words: readonly W[]): W {
  const token = reader.peek();
  const found = words.find((word) => token.kind === "word" && word === token.text);
  if (found === undefined) reader.fail(`expected one of ${words.join(", ")}`);
  reader.next();
  return found;
}

function readBuffer(reader: TextReader): PlanBuffer {
  const name = reader.string();
  reader.expect(":");
  const kind = oneOf(reader, KINDS);
  const bytes = reader.integer();
  const dtype = DTYPES.some((word) => reader.is(word)) ? oneOf(reader, DTYPES) : undefined;
  const dims = reader.accept("[") ? reader.list("]", () => readSize(reader)) : undefined;
  const path = reader.accept("path") ? reader.string() : undefined;
  const rows = reader.accept("rows") ? paramRows({ rows: integers(reader) }) : undefined;
  const isFinite = reader.accept("finite");
  const layout = reader.accept("layout") ? { tile: integers(reader), order: integers(reader) } : undefined;
  const fill = readFill(reader);
  return {
    name,
    kind,
    bytes,
    ...(path === undefined ? {} : { path }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(dims === undefined ? {} : { dims }),
    ...(rows === undefined ? {} : { rows }),
    ...(isFinite ? { isFinite } : {}),
    ...(layout === undefined ? {} : { layout }),
    ...(fill === undefined ? {} : { fill }),
  };
}

function readSize(reader: TextReader): number | string {
  const dim = readDim(reader);
  return dim.asNumber() ?? dim.toString();
}

function readFill(reader: TextReader): ConstantFill | undefined {
  if (reader.accept("data")) {
    const dtype: DType = oneOf(reader, DTYPES);
    return { kind: "data", dtype, values: numbers(reader) };
  }
  if (!reader.accept("angles")) return undefined;
  const rows = reader.integer();
  const scale = reader.number();
  return { kind: "angles", rows, frequencies: numbers(reader), scale };
}

function readRange(reader: TextReader): Range {
  const buffer = reader.string();
  reader.expect("[");
  const offset = reader.integer();
  reader.expect(",");
  const bytes = reader.integer();
  reader.expect("]");
  return { buffer, offset, bytes };
}

function readRanges(reader: TextReader): readonly Range[] {
  reader.expect("(");
  return reader.list(")", () => readRange(reader));
}

function readNamedRange(reader: TextReader, into: Record<string, Range>): void {
  const name = reader.string();
  reader.expect("=");
  into[name] = readRange(reader);
}

function readLaunch(reader: TextReader): LaunchStep {
  const kernel = reader.kind("symbol");
  reader.expect("grid");
  reader.expect("(");
  const [x = [], y = [], z = []] = reader.list(")", () => readExtent(reader));
  const bindings = readRanges(reader);
  const scalars = reader.accept("scalars") ? numbers(reader) : [];
  const merged = reader.accept("merged") ? readRanges(reader) : undefined;
  const step: LaunchStep = {
    kind: "launch",
    lane: "compute",
    kernel,
    grid: [x, y, z],
    bindings,
    scalars,
    ...(merged === undefined ? {} : { merged }),
    ...(reader.accept("part") ? { part: readPart(reader) } : {}),
  };
  if (!reader.accept("loop")) return step;
  reader.expect("(");
  const index = reader.string();
  reader.expect(",");
  const i = reader.integer();
  reader.expect(")");
  return { ...step, loop: { index, i } };
}

function readPart(reader: TextReader): NonNullable<LaunchStep["part"]> {
  const place = reader.peek();
  const [axis, from = 0, count = 0] = integers(reader);
  if (axis !== 0 && axis !== 1 && axis !== 2) reader.fail("expected an axis of 0 to 2", place);
  return { axis, from, count };
}

function readExtent(reader: TextReader): Extent {
  if (!reader.is("(")) {
    const token = reader.peek();
    if (reader.integer() !== 1) reader.fail("expected `1` or `(size) / per`", token);
    return [];
  }
  const factors: { readonly size: Extent[number]["size"]; readonly per: number }[] = [];
  do {
    reader.expect("(");
    const size = readDim(reader);
    reader.expect(")");
    reader.expect("/");
    factors.push({ size, per: reader.integer() });
  } while (reader.accept("*"));
  return factors;
}
