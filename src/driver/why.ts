/**
 * Why two ops are one kernel or two: what fuse decided about them (`passes/tensor/fuse/decision.ts`), looked up by the
 * names that the tensor IR in front of fuse is printed with. Nothing is decided here; where the pass never compared the
 * two, the answer is the way of kernels between them, or that there is none.
 */
import type { Decision, Reason } from "../../passes/tensor/fuse/decision.ts";
import { REASONS } from "../../passes/tensor/fuse/decision.ts";
import type { Func, Op, Value } from "../ir/ir.ts";
import { walk } from "../ir/ir.ts";
import { printedNames } from "../ir/print.ts";
import { assertNever } from "../support/errors.ts";
import { layersOf, valuesOfLayer } from "./layer-values.ts";
import { nearest } from "../support/suggest.ts";

/** A decision as fuse tells it, with the function it is about. */
export interface Told {
  readonly func: string;
  readonly decision: Decision;
}

/** Why the pass never had the choice. */
const STRUCTURE = {
  unrelated:
    "neither is computed from the other, and kernels are merged only along a value, or side by side where products share their left operand",
  loop: "one stands in a loop and the other does not, and a kernel does not reach across the edge of a loop",
  unused: "nothing reads one of them, so no kernel computes it",
} as const;

export type WhyReason = Reason | keyof typeof STRUCTURE;

export interface Side {
  /** What was asked for, and the values it stands for. */
  readonly asked: string;
  readonly values: readonly string[];
  /** The kernels that compute them; an op that stays outside of kernels has none. */
  readonly kernels: readonly string[];
}

/** One place where two kernels met and stayed apart: the one in front computes what the other one reads. */
export interface Step {
  readonly producer: string;
  readonly consumer: string;
  readonly reason: WhyReason;
  readonly text: string;
}

export interface Why {
  /** Functions with this same answer. */
  readonly functions: readonly string[];
  /** What of the two these functions do not hold; then there is nothing else to say of them. */
  readonly absent: readonly string[];
  readonly first: Side;
  readonly second: Side;
  /** Kernels that compute both. */
  readonly together: readonly string[];
  /** The merges that brought them together: the two sets of values that became one. */
  readonly merges: readonly { readonly producer: readonly string[]; readonly consumer: readonly string[] }[];
  /** The way from the one to the other where no kernel computes both; one step where they are neighbours. */
  readonly apart: readonly Step[];
}

/** The answer for each function, equal ones once; a sentence where no function holds both. */
export function why(told: readonly Told[], first: string, second: string): readonly Why[] | string {
  const stories = [...new Set(told.map(({ func }) => func))].map(
    (func) => new Story(func, told.filter((each) => each.func === func).map(({ decision }) => decision)), // prettier-ignore
  );
  const ways = new Map<string, Way>();
  for (const asked of [first, second]) {
    // One way for all functions, so that a name is not a value in one of them and a kernel in another.
    const way = WAYS.find((each) => stories.some((story) => story.find(asked, each).length > 0));
    if (way === undefined) return unknown(asked, stories);
    ways.set(asked, way);
  }
  const answers = stories.map((story) => story.answer(first, second, ways));
  if (answers.every(({ absent }) => absent.length > 0)) return `no function holds both \`${first}\` and \`${second}\``;
  const merged = new Map<string, Why>();
  for (const answer of answers) {
    const key = JSON.stringify({ ...answer, functions: [] });
    const before = merged.get(key);
    merged.set(
      key,
      before === undefined ? answer : { ...before, functions: [...before.functions, ...answer.functions] },
    );
  }
  return [...merged.values()];
}

function unknown(asked: string, stories: readonly Story[]): string {
  const near = nearest(asked.replace(/^%/, ""), new Set(stories.flatMap((story) => story.knownNames())));
  const meant = near === undefined ? "" : `, did you mean \`${near}\`?`;
  return `there is no value, line, op, layer or kernel \`${asked}\` in the tensor IR in front of fuse${meant}`;
}

/**
 * What a name may stand for, in this order: a value and the others that are printed after the same word (`rope`,
 * `rope.2`; with `%` before it the one alone), a line of the source (`model.llm:12`), an op, a layer (what first computes
 * with its weights), a kernel, or kernels with these words in their names.
 */
const WAYS = ["value", "line", "op", "layer", "kernel", "part of a kernel"] as const;
type Way = (typeof WAYS)[number];

interface Kernel {
  readonly name: string | undefined;
  readonly values: ReadonlySet<Value>;
}

/** What fuse did in one function. */
class Story {
  private readonly names: ReadonlyMap<Value, string>;
  /** All values that an op makes, with the op and the loops around it. */
  private readonly made = new Map<Value, { readonly op: Op; readonly loops: readonly Op[] }>();
  private readonly origins = new Map<Value, Value>();
  private readonly kernels: readonly Kernel[];
  private readonly kernelOf = new Map<Value, Kernel>();
  /** The last word about two kernels as they are at the end: producer, consumer, decision. */
  private readonly edges = new Map<Kernel, Map<Kernel, Decision & { kind: "apart" }>>();

  constructor(
    private readonly func: string,
    private readonly decisions: readonly Decision[],
  ) {
    const given = decisions.find((each): each is Decision & { kind: "given" } => each.kind === "given")?.func;
    this.names = given === undefined ? new Map() : printedNames(given);
    if (given !== undefined) this.collect(given);
    for (const each of decisions) if (each.kind === "copied") this.origins.set(each.to, each.from);
    this.kernels = decisions.flatMap((each) => each.kind === "kernel" ? [{ name: each.name, values: new Set(each.values) }] : []); // prettier-ignore
    for (const kernel of this.kernels) for (const value of kernel.values) this.kernelOf.set(value, kernel);
    for (const each of decisions) if (each.kind === "apart") this.connect(each);
  }

  private collect(func: Func): void {
    walk(func.body, (op, parents) => {
      for (const result of op.results) this.made.set(result, { op, loops: parents });
    });
  }

  /** Decisions about clusters that grew later are no answer: the two sides are kernels as they are now. */
  private connect(decision: Decision & { kind: "apart" }): void {
    const sideOf = (values: readonly Value[]): Kernel | undefined => {
      const kernel = values[0] === undefined ? undefined : this.kernelOf.get(values[0]);
      return kernel?.values.size === values.length ? kernel : undefined;
    };
    const [from, to] = [sideOf(decision.producer), sideOf(decision.consumer)];
    if (from === undefined || to === undefined) return;
    const targets = this.edges.get(from) ?? new Map<Kernel, Decision & { kind: "apart" }>();
    this.edges.set(from, targets.set(to, decision));
  }

  knownNames(): readonly string[] {
    return [...this.made].flatMap(([value, { op }]) => [this.nameOf(value), op.name, ...layersOf(op)]);
  }

  private nameOf(value: Value): string {
    const origin = this.originOf(value);
    return this.names.get(origin) ?? "?";
  }

  private originOf(value: Value): Value {
    let origin = value;
    for (let from = this.origins.get(origin); from !== undefined; from = this.origins.get(origin)) origin = from;
    return origin;
  }

  /** The values that a name stands for, taken in this way. */
  find(asked: string, way: Way): readonly Value[] {
    const all = [...this.made.keys()];
    if (way === "layer") return valuesOfLayer(asked, this.made);
    return all.filter((value) => this.matches(value, asked, way));
  }

  private matches(value: Value, asked: string, way: Exclude<Way, "layer">): boolean {
    const { op } = this.made.get(value) ?? { op: NO_OP };
    switch (way) {
      case "value": {
        const name = this.names.get(value) ?? "";
        return asked.startsWith("%") ? name === asked.slice(1) : name === asked || name.replace(/\.\d+$/, "") === asked;
      }
      case "line": {
        const place = op.loc === undefined ? "" : `${op.loc.path}:${op.loc.start.line}`;
        return place === asked || place.endsWith(`/${asked}`);
      }
      case "op":
        return op.name === asked;
      case "kernel":
        return this.kernelsOf([value]).some((kernel) => kernel.name === asked);
      case "part of a kernel":
        return this.kernelsOf([value]).some(({ name = "" }) => `_${name}_`.includes(`_${asked}_`));
      default:
        return assertNever(way, "way to read a name");
    }
  }

  private kernelsOf(values: readonly Value[]): readonly Kernel[] {
    const wanted = new Set(values);
    return this.kernels.filter((kernel) => [...kernel.values].some((value) => wanted.has(this.originOf(value))));
  }

  answer(first: string, second: string, ways: ReadonlyMap<string, Way>): Why {
    const [a, b] = [first, second].map((asked) => this.find(asked, ways.get(asked) ?? "value"));
    const absent = [...(a?.length ? [] : [first]), ...(b?.length ? [] : [second])];
    if (!a?.length || !b?.length) {
      const side = (asked: string): Side => ({ asked, values: [], kernels: [] });
      return { functions: [this.func], absent, first: side(first), second: side(second), together: [], merges: [], apart: [] }; // prettier-ignore
    }
    const [inA, inB] = [this.kernelsOf(a), this.kernelsOf(b)];
    const together = inA.filter((kernel) => inB.includes(kernel));
    return {
      functions: [this.func],
      absent,
      first: this.side(first, a, inA),
      second: this.side(second, b, inB),
      together: together.map((kernel) => this.title(kernel)),
      merges: together.flatMap((kernel) => this.mergesOf(kernel, new Set(a), new Set(b))),
      apart: together.length > 0 ? [] : this.between(a, b, inA, inB),
    };
  }

  private side(asked: string, values: readonly Value[], kernels: readonly Kernel[]): Side {
    return {
      asked,
      values: values.map((value) => this.nameOf(value)),
      kernels: [...new Set(kernels.flatMap(({ name }) => (name === undefined ? [] : [name])))],
    };
  }

  /** The name of a kernel; an op that stays outside is called by its value. */
  private title({ name, values }: Kernel): string {
    const [value] = values;
    return name ?? (value === undefined ? "?" : `%${this.nameOf(value)}`);
  }

  private mergesOf(kernel: Kernel, a: ReadonlySet<Value>, b: ReadonlySet<Value>): Why["merges"] {
    const holds = (side: readonly Value[], wanted: ReadonlySet<Value>): boolean =>
      side.some((value) => wanted.has(this.originOf(value)));
    return this.decisions.flatMap((each) => {
      if (each.kind !== "merged" || !each.producer.every((value) => kernel.values.has(value))) return [];
      const { producer, consumer } = each;
      const joins = (holds(producer, a) && holds(consumer, b)) || (holds(producer, b) && holds(consumer, a));
      const show = (side: readonly Value[]): readonly string[] => [...new Set(side.map((value) => this.nameOf(value)))];
      return joins ? [{ producer: show(producer), consumer: show(consumer) }] : [];
    });
  }

  private between(
    a: readonly Value[],
    b: readonly Value[],
    inA: readonly Kernel[],
    inB: readonly Kernel[],
  ): readonly Step[] {
    const structural = (reason: keyof typeof STRUCTURE): readonly Step[] => [
      { producer: this.shown(a, inA), consumer: this.shown(b, inB), reason, text: STRUCTURE[reason] },
    ];
    if (inA.length === 0 || inB.length === 0) return structural("unused");
    const found = this.shortest(inA, inB) ?? this.shortest(inB, inA);
    if (found !== undefined) return found;
    const loopsOf = (values: readonly Value[]): string => values.flatMap((value) => (this.made.get(value)?.loops ?? []).map((op) => this.names.get(op.results[0] ?? value))).join(); // prettier-ignore
    return structural(loopsOf(a.slice(0, 1)) === loopsOf(b.slice(0, 1)) ? "unrelated" : "loop");
  }

  private shown(values: readonly Value[], kernels: readonly Kernel[]): string {
    const [kernel] = kernels;
    const [value] = values;
    if (kernel !== undefined) return this.title(kernel);
    return value === undefined ? "?" : `%${this.nameOf(value)}`;
  }

  /** The shortest way along values from one of the kernels to one of the others (breadth first). */
  private shortest(from: readonly Kernel[], to: readonly Kernel[]): readonly Step[] | undefined {
    const seen = new Set(from);
    let ways: readonly { readonly at: Kernel; readonly steps: readonly Step[] }[] = from.map((at) => ({
      at,
      steps: [],
    }));
    while (ways.length > 0) {
      const next: { readonly at: Kernel; readonly steps: readonly Step[] }[] = [];
      for (const { at, steps } of ways)
        for (const [target, decision] of this.edges.get(at) ?? []) {
          if (seen.has(target)) continue;
          seen.add(target);
          const way = { at: target, steps: [...steps, this.step(at, target, decision)] };
          if (to.includes(target)) return way.steps;
          next.push(way);
        }
      ways = next;
    }
    return undefined;
  }

  private step(from: Kernel, to: Kernel, { reason, facts }: Decision & { kind: "apart" }): Step {
    const counted = facts === undefined ? "" : ` (${Object.entries(facts).map(([name, n]) => `${name}: ${n}`).join(", ")})`; // prettier-ignore
    return { producer: this.title(from), consumer: this.title(to), reason, text: REASONS[reason] + counted };
  }
}

const NO_OP: Op = { name: "", operands: [], attrs: {}, results: [], regions: [] };
