/**
 * Kernel IR to WebAssembly functions with SIMD128. A kernel becomes one function without results:
 *
 *     kernel(buffers..., call scalars..., launch scalars..., from, to, grid_x, grid_y, grid_z, stack)
 *
 * Buffers are byte offsets into the memory, the first of them at 64 KiB or above. The function runs the workgroups from
 * `from` to `to` along x, all along y and z (`grid-loops.ts`).
 * `stack` is the offset, also at 64 KiB or above, of an area for private memory; the module's global `stack_bytes` says
 * how large the largest is. The kernel must have been legalized for a
 * profile without workgroup memory: workgroups of several invocations are loops too, and must not meet.
 */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { Builtin, Expression, KScalarParam, KType, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { unrollLoops } from "../../src/kernel/unroll.ts";
import { containsCollective, walkStatements } from "../../src/kernel/walk.ts";
import { inlinableValues } from "../inline.ts";
import { Definitions } from "./definitions.ts";
import { AXES, GridLoops } from "./grid-loops.ts";
import { REBIAS } from "./half.ts";
import { halfPairs } from "./half-pairs.ts";
import { FunctionBody } from "./function-body.ts";
import { MemoryAccess } from "./memory-access.ts";
import { moveAddresses } from "./moving-addresses.ts";
import type { WasmFunction } from "./module.ts";
import { encodeModule, functionText } from "./module.ts";
import { privateMemory } from "./private-memory.ts";
import { scaledSums } from "./scaled-sums.ts";
import type { ScaledSums } from "./scaled-sums.ts";
import type { Code } from "./target.ts";
import { areFiniteCode, binaryCode, bitcastCode, castCode, constantCode, extractCode, fourLaneSumsCode, laneSumCode, repeatsOperands, shapeOf, shuffle, unaryCode, vectorCode, wasmType } from "./target.ts"; // prettier-ignore

type Loop = Extract<Statement, { kind: "for" }>;

/** The module of a program's kernels: one exported function each. `shared`: its memory is shared between threads. */
export function emitWasm(kernels: readonly Kernel[], shared = false): Uint8Array<ArrayBuffer> {
  const emitters = kernels.map((kernel) => new WasmEmitter(kernel));
  const functions = emitters.map((emitter) => emitter.emit());
  return encodeModule(functions, { shared, stackBytes: Math.max(0, ...emitters.map(({ stackBytes }) => stackBytes)) });
}

/** The function of one kernel in the text format. */
export function emitWat(kernel: Kernel): string {
  return functionText(new WasmEmitter(kernel).emit());
}

class WasmEmitter {
  readonly stackBytes: number;
  private readonly kernel: Kernel;
  private readonly body = new FunctionBody();
  private readonly memory: MemoryAccess;
  private readonly definitions: Definitions;
  private readonly inlined: ReadonlySet<KValue>;
  /** Loads of halves that are one with the load after them, and the code of those that come second. */
  private readonly pairs: ReadonlyMap<KValue, KValue>;
  /** What to scale in the loop that is written just now. */
  private scaled: ScaledSums | undefined;
  private readonly seconds = new Map<KValue, Code>();
  private readonly builtins = new Map<Builtin, Code>();

  constructor(kernel: Kernel) {
    this.kernel = unrollLoops(kernel);
    this.definitions = new Definitions(this.kernel);
    const inlined = new Set(inlinableValues(this.kernel.body));
    walkStatements(this.kernel.body, (statement) => this.keepRepeated(statement, inlined));
    this.inlined = inlined;
    this.pairs = halfPairs(this.kernel.body, (index) => this.definitions.placeOf(index));
    const own = privateMemory(this.kernel, this.definitions.literals);
    this.stackBytes = own.bytes;
    this.memory = new MemoryAccess(this.body, own, this.definitions, (value) => this.push(value), this.inlined);
  }

  emit(): WasmFunction {
    const { kernel, body } = this;
    if (kernel.workgroup.some((size) => size > 1) && containsCollective(kernel.body))
      throw new InternalError(`kernel ${kernel.name}: invocations of a workgroup cannot meet in WebAssembly`);
    for (const buffer of kernel.buffers) this.memory.bind(buffer, body.param(buffer.name, "i32"));
    for (const from of ["call", "launch"] as const)
      kernel.scalars.forEach((scalar, i) => this.scalar(scalar, from, kernel.scalarValues[i]));
    const [from, to] = [body.param("from", "i32"), body.param("to", "i32")];
    const grid = AXES.map((axis) => body.param(`grid_${axis}`, "i32"));
    grid.forEach((local, i) => this.builtins.set(`grid_${AXES[i] ?? "x"}`, [["local.get", local]]));
    this.memory.bindStack(body.param("stack", "i32"));
    const end = (local: number | undefined): Code => [["local.get", local ?? to]];
    new GridLoops(kernel, body, this.builtins).emit(from, [end(to), end(grid[1]), end(grid[2])], () =>
      this.statements(kernel.body),
    );
    return body.finish(kernel.name);
  }

  private scalar({ name, type, from }: KScalarParam, which: KScalarParam["from"], value: KValue | undefined): void {
    if (from === which && value !== undefined) this.body.bind(value, this.body.param(name, wasmType(type)));
  }

  private statements(list: readonly Statement[]): void {
    for (const statement of list) this.statement(statement);
  }

  private statement(statement: Statement): void {
    const { body } = this;
    switch (statement.kind) {
      case "let": {
        const { result, expression } = statement;
        if (this.definitions.literals.has(result) || this.inlined.has(result)) return;
        body.add(...this.made(result, expression), ["local.set", body.of(result)]);
        return;
      }
      case "store":
        this.memory.store(statement.buffer, statement.index, this.push(statement.value));
        return;
      case "barrier":
        return;
      case "for": {
        this.scaled = scaledSums(statement, this.definitions);
        this.loop(statement);
        if (this.scaled !== undefined) {
          this.scaled = undefined;
          const sums = statement.carried.map(({ arg }) => this.push(arg));
          body.add(...areFiniteCode(sums, body.scratch("check")), ["i32.eqz"], ["if"]);
          this.loop(statement);
          body.add(["end"]);
        }
        for (const { arg, result } of statement.carried) body.bind(result, body.of(arg));
        return;
      }
      case "if":
        body.add(...this.push(statement.condition), ["if"]);
        this.statements(statement.body);
        this.assign(statement.results, statement.yields);
        if (statement.otherwise.length > 0 || statement.otherwiseYields.length > 0) {
          body.add(["else"]);
          this.statements(statement.otherwise);
          this.assign(statement.results, statement.otherwiseYields);
        }
        body.add(["end"]);
        return;
      default:
        assertNever(statement, "kernel statement");
    }
  }

  private loop(loop: Loop): void {
    const { body } = this;
    const { index, from, to, step, carried, yields } = loop;
    this.assign(carried.map(({ arg }) => arg), carried.map(({ init }) => init)); // prettier-ignore
    const moves = moveAddresses(loop, body, this.definitions, this.memory, (value) => this.push(value));
    body.loop(body.of(index), this.push(from), this.push(to), this.push(step), () => {
      this.statements(loop.body);
      this.assign(carried.map(({ arg }) => arg), yields); // prettier-ignore
      body.add(...moves);
    });
  }

  /** All sources are on the stack before the first target changes: carried values may be exchanged. */
  private assign(targets: readonly KValue[], sources: readonly KValue[]): void {
    const changing = targets.flatMap((target, i) => {
      const source = sources[i];
      return source === undefined || source === target ? [] : [{ target, source }];
    });
    for (const { source } of changing) this.body.add(...this.push(source));
    for (const { target } of changing.reverse()) this.body.add(["local.set", this.body.of(target)]);
  }

  private made(result: KValue, expression: Expression): Code {
    if (expression.kind !== "load") return this.expression(expression, result.type);
    const second = this.seconds.get(result);
    if (second !== undefined) return second;
    const form = this.scaled?.halves.has(result) === true ? "scaled" : undefined;
    const partner = this.pairs.get(result);
    if (partner !== undefined) {
      const [first, rest] = this.memory.loadPair(expression.buffer, expression.index, form);
      this.seconds.set(partner, rest);
      return first;
    }
    const code = this.memory.load(expression.buffer, expression.index, form);
    return this.scaled?.factors.has(result) === true ? [...code, ...REBIAS] : code;
  }

  /** Code that puts the value on the stack. */
  private push(value: KValue): Code {
    const literal = this.definitions.literals.get(value);
    if (literal !== undefined) return constantCode(literal, value.type);
    const definition = this.definitions.of(value);
    if (definition !== undefined && this.inlined.has(value)) return this.expression(definition, value.type);
    return [["local.get", this.body.of(value)]];
  }

  private expression(expression: Expression, type: KType): Code {
    const push = (value: KValue): Code => this.push(value);
    switch (expression.kind) {
      case "constant":
        return constantCode(expression.value, type);
      case "builtin": {
        const code = this.builtins.get(expression.name);
        if (code === undefined) throw new InternalError(`WebAssembly has no ${expression.name}`);
        return code;
      }
      case "unary":
        return unaryCode(expression.op, push(expression.x), type);
      case "binary": {
        const { op, x, y } = expression;
        if (op !== "dot") return binaryCode(op, push(x), push(y), x.type, this.definitions.literalOf(y));
        const product = binaryCode("mul", push(x), push(y), x.type);
        return [...product, ...laneSumCode(x.type, this.body.scratch("sum"))];
      }
      case "fma": {
        const { x, y, z } = expression;
        const isRelaxed = type.lanes > 1 && this.kernel.requires.includes("relaxed-simd");
        if (isRelaxed) return [...push(x), ...push(y), ...push(z), ["f32x4.relaxed_madd"]];
        return [...push(x), ...push(y), [`${shapeOf(type)}.mul`], ...push(z), [`${shapeOf(type)}.add`]];
      }
      case "select": {
        const { condition, x, y } = expression;
        const choice = condition.type.lanes === 1 ? "select" : "v128.bitselect";
        return [...push(x), ...push(y), ...push(condition), [choice]];
      }
      case "cast":
        return castCode(push(expression.x), expression.x.type, type);
      case "bitcast":
        return bitcastCode(push(expression.x), expression.x.type, type);
      case "vector":
        return (
          this.repeatedLane(expression.parts) ??
          this.fourLaneSums(expression.parts) ??
          vectorCode(expression.parts.map(push), type)
        );
      case "extract":
        return extractCode(push(expression.x), expression.lane, expression.x.type);
      case "load":
      case "workgroup_load":
        return this.memory.load(expression.buffer, expression.index);
      case "intrinsic":
        if (expression.name !== "unpack2x16float") throw new InternalError(`WebAssembly has no ${expression.name}`);
        return this.memory.unpackHalves(expression.args.flatMap(push));
      case "workgroup_reduce":
      case "workgroup_broadcast":
      case "subgroup_reduce":
        throw new InternalError(`WebAssembly has no ${expression.kind}: legalize writes it out`);
      default:
        return assertNever(expression, "kernel expression");
    }
  }

  /** One lane of a vector in all lanes is one shuffle. */
  private repeatedLane(parts: readonly KValue[]): Code | undefined {
    const [part, ...others] = parts;
    const definition = part === undefined || others.length > 0 ? undefined : this.definitions.of(part);
    if (definition?.kind !== "extract" || definition.x.type.scalar === "bool") return undefined;
    const { x, lane } = definition;
    if (this.inlined.has(x) || this.definitions.literals.has(x)) return undefined;
    return [...this.push(x), ...this.push(x), shuffle([lane, lane, lane, lane])];
  }

  /** A vector of the sums of the lanes of four vectors. */
  private fourLaneSums(parts: readonly KValue[]): Code | undefined {
    const summed = parts.flatMap((part): readonly KValue[] => {
      const definition = this.definitions.of(part);
      const isSum =
        definition?.kind === "binary" && definition.op === "dot" && this.definitions.literalOf(definition.y) === 1;
      const isRead = isSum && definition.x.type.lanes === 4 && !this.inlined.has(definition.x);
      return isRead && this.inlined.has(part) ? [definition.x] : [];
    });
    const [a, b, c, d] = summed.map((value) => this.push(value));
    if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
    return fourLaneSumsCode([a, b, c, d], this.body.scratch("sum"), this.body.scratch("sums"));
  }

  /** Takes operands whose code would stand several times out of `inlined`; loop bounds are read in every round. */
  private keepRepeated(statement: Statement, inlined: Set<KValue>): void {
    if (statement.kind === "for") for (const value of [statement.to, statement.step]) inlined.delete(value);
    if (statement.kind !== "let") return;
    const { expression } = statement;
    // A sum is made where its term is at hand: put off to where it is read, it would keep all terms in registers.
    if (expression.kind === "fma") inlined.delete(statement.result);
    const isMinMax = expression.kind === "binary" && ["min", "max"].includes(expression.op) && expression.x.type.scalar !== "f32"; // prettier-ignore
    if (expression.kind === "unary" && repeatsOperands(expression, () => false)) inlined.delete(expression.x);
    if (expression.kind !== "binary") return;
    const repeats = repeatsOperands(expression, () => this.definitions.literalOf(expression.y) !== undefined);
    if (repeats || isMinMax) for (const value of [expression.x, expression.y]) inlined.delete(value);
  }
}
