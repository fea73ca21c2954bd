/**
 * A program written by hand that behaves like a language model, with kernels in WGSL and in JavaScript, so that the
 * runtime is tested without the compiler. The caches hold the tokens themselves; the next token after history h is
 * `(sum of h + bias[last]) mod 16`, so a wrong cache, position or count changes it. `forward` is a gather, a product in
 * place and a matrix product.
 */
import { F32, I32, U32 } from "../../../src/kernel/ir.ts";
import type { Buffer, Element, Kernel, KScalarParam } from "../../../src/kernel/ir.ts";
import type { LaunchStep, Plan, PlanBuffer, Program, Range } from "../../../src/plan/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import type { JsKernel } from "../../../src/runtime/devices/js.ts";

export const VOCAB = 16;
export const CONTEXT = 64;
export const CHUNK = 8;

/** `bias[i]`, stored as f32 in the checkpoint. */
export const BIAS = Float32Array.from({ length: VOCAB }, (_, i) => (i * 5 + 3) % VOCAB);
/** `head[j]`, 4 x 16. */
export const HEAD = Float32Array.from({ length: 4 * VOCAB }, (_, i) => ((i * 7) % 11) - 5);

/** The tokens that the toy generates after `prompt`. */
export function expectedTokens(prompt: readonly number[], count: number): readonly number[] {
  const history = [...prompt];
  for (let i = 0; i < count; i++) {
    const sum = history.reduce((a, b) => a + b, 0);
    history.push((sum + (BIAS[history.at(-1)!] ?? 0)) % VOCAB);
  }
  return history.slice(prompt.length);
}

/** The logits of `forward`: row t is `tokens[t] * 2 * [1, 2, 3, 4] @ head`. */
export function expectedLogits(tokens: readonly number[]): Float32Array {
  const logits = new Float32Array(tokens.length * VOCAB);
  tokens.forEach((token, t) => {
    for (let v = 0; v < VOCAB; v++)
      for (let k = 0; k < 4; k++) logits[t * VOCAB + v]! += token * 2 * (k + 1) * HEAD[k * VOCAB + v]!;
  });
  return logits;
}

type Access = "r" | "w";
const call = (...names: readonly string[]): readonly KScalarParam[] =>
  names.map((name) => ({ name, type: U32, from: "call" }));

function kernel(
  name: string,
  buffers: readonly (readonly [string, Element, Access])[],
  scalars: readonly KScalarParam[],
): Kernel {
  return {
    name,
    buffers: buffers.map(([label, element, access]): Buffer => {
      const length = Dim.symbol("T");
      return {
        name: label,
        space: "storage",
        access: access === "r" ? "read" : "read_write",
        element,
        lanes: 1,
        length,
      };
    }),
    scalars,
    scalarValues: scalars.map(({ type }) => ({ type, name: "s" })),
    locals: [],
    workgroup: [1, 1, 1],
    grid: [[], [], []],
    inPlace: [],
    requires: [],
    body: [],
    locs: [],
  };
}

const scale: KScalarParam = { name: "scale", type: F32, from: "launch" };
const KERNELS: readonly Kernel[] = [
  kernel("remember", [["tokens", "i32", "r"], ["pos", "i32", "r"], ["count", "i32", "r"], ["history", "i32", "w"], ["is_active", "i32", "w"]], call("T")), // prettier-ignore
  kernel("sample", [["history", "i32", "r"], ["bias", "f32", "r"], ["count", "i32", "r"], ["stops", "i32", "r"], ["pos", "i32", "w"], ["token", "i32", "w"], ["is_active", "i32", "w"]], []), // prettier-ignore
  kernel(
    "again",
    [
      ["token", "i32", "r"],
      ["pos", "i32", "r"],
      ["history", "i32", "w"],
    ],
    [],
  ),
  kernel("one_hot", [["history", "i32", "r"], ["bias", "f32", "r"], ["count", "i32", "r"], ["pos", "i32", "w"], ["logits", "f32", "w"]], []), // prettier-ignore
  kernel(
    "spread",
    [
      ["tokens", "i32", "r"],
      ["x", "f32", "w"],
    ],
    [...call("B", "T"), scale],
  ),
  kernel("product", [["x", "f32", "w"], ["head", "f32", "r"], ["logits", "f32", "w"]], [...call("T"), { name: "k", type: I32, from: "launch" }]), // prettier-ignore
];

const storage = (kernelOf: Kernel): string =>
  kernelOf.buffers.map(({ name, element, access }, i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${element}>;`).join("\n"); // prettier-ignore

const NEXT = `var sum = 0; for (var i = 0; i < end; i++) { sum += history[i]; }
  let next = (sum + i32(bias[history[end - 1]])) % 16;`;

const BODIES: Readonly<Record<string, string>> = {
  remember: `@group(0) @binding(5) var<uniform> call: vec4<u32>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
  if (i32(id.x) < count[0] && id.x < call.x) { history[pos[0] + i32(id.x)] = tokens[id.x]; }
  if (id.x == 0) { is_active[0] = 1; }
}`,
  sample: `@compute @workgroup_size(1) fn main() {
  if (is_active[0] == 0) { return; }
  let end = pos[0] + count[0];
  ${NEXT}
  token[0] = next; pos[0] = end;
  for (var i = 0; i < 8; i++) { if (stops[i] == next) { is_active[0] = 0; } }
}`,
  again: `@compute @workgroup_size(1) fn main() { history[pos[0]] = token[0]; }`,
  one_hot: `@compute @workgroup_size(1) fn main() {
  let end = pos[0] + count[0];
  ${NEXT}
  for (var v = 0; v < 16; v++) { logits[v] = select(0.0, 1.0, v == next); }
  pos[0] = end;
}`,
  spread: `struct Call { B: u32, T: u32 } struct Launch { scale: f32 }
@group(0) @binding(2) var<uniform> call: Call; @group(0) @binding(3) var<uniform> launch: Launch;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
  if (id.x < call.B * call.T) { for (var k = 0u; k < 4; k++) { x[id.x * 4 + k] = f32(tokens[id.x]) * f32(k + 1) * launch.scale; } }
}`,
  product: `struct Call { T: u32 } struct Launch { k: i32 }
@group(0) @binding(3) var<uniform> call: Call; @group(0) @binding(4) var<uniform> launch: Launch;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
  if (id.x >= call.T) { return; }
  var sum = 0.0;
  for (var k = 0u; k < u32(launch.k); k++) { sum += x[id.x * 4 + k] * head[k * 16 + id.y]; }
  logits[id.x * 16 + id.y] = sum;
}`,
};

/** WGSL by kernel name. */
export const WGSL: Readonly<Record<string, string>> = Object.fromEntries(
  KERNELS.map((k) => [k.name, `${storage(k)}\n${BODIES[k.name]}`]),
);

/** The same kernels as JavaScript expressions, as `codegen/js` writes them. */
export const JS_TEXT: Readonly<Record<string, string>> = {
  remember: `(b, s, grid) => { for (let x = 0; x < grid[0]; x++) if (x < b.count[0] && x < s.T) b.history[b.pos[0] + x] = b.tokens[x]; b.is_active[0] = 1; }`,
  sample: `(b) => {
    if (b.is_active[0] === 0) return;
    const end = b.pos[0] + b.count[0];
    let sum = 0;
    for (let i = 0; i < end; i++) sum += b.history[i];
    const next = (sum + b.bias[b.history[end - 1]]) % 16;
    b.token[0] = next;
    b.pos[0] = end;
    for (let i = 0; i < 8; i++) if (b.stops[i] === next) b.is_active[0] = 0;
  }`,
  again: `(b) => { b.history[b.pos[0]] = b.token[0]; }`,
  one_hot: `(b) => {
    const end = b.pos[0] + b.count[0];
    let sum = 0;
    for (let i = 0; i < end; i++) sum += b.history[i];
    const next = (sum + b.bias[b.history[end - 1]]) % 16;
    for (let v = 0; v < 16; v++) b.logits[v] = v === next ? 1 : 0;
    b.pos[0] = end;
  }`,
  spread: `(b, s, grid) => { for (let x = 0; x < grid[0]; x++) for (let k = 0; k < 4; k++) b.x[x * 4 + k] = b.tokens[x] * (k + 1) * s.scale; }`,
  product: `(b, s, grid) => {
    for (let y = 0; y < grid[1]; y++) for (let x = 0; x < grid[0]; x++) {
      let sum = 0;
      for (let k = 0; k < s.k; k++) sum += b.x[x * 4 + k] * b.head[k * 16 + y];
      b.logits[x * 16 + y] = sum;
    }
  }`,
};

export function jsKernels(): Readonly<Record<string, JsKernel>> {
  const functionOf = (text: string): JsKernel => (new Function(`return ${text}`) as () => JsKernel)();
  return Object.fromEntries(Object.entries(JS_TEXT).map(([name, text]) => [name, functionOf(text)]));
}

const FLOATS = ["temperature", "top_p"];
const argument = (
  name: string,
  kind: PlanBuffer["kind"],
  dims: readonly (number | string)[],
  bytes = 4,
): PlanBuffer => {
  const dtype = FLOATS.includes(name) ? "f32" : name === "seed" ? "u32" : "i32";
  return { name, kind, bytes, dtype, dims };
};
const BUFFERS: readonly PlanBuffer[] = [
  { name: "bias", kind: "weight", bytes: VOCAB * 4, path: "bias", dtype: "f32", dims: [VOCAB] },
  { name: "head", kind: "weight", bytes: HEAD.length * 4, path: "head.weight", dtype: "f32", dims: [4, VOCAB] },
  { name: "one", kind: "constant", bytes: 4, fill: { kind: "data", dtype: "i32", values: [1] } },
  { name: "history", kind: "state", bytes: CONTEXT * 4, dtype: "i32", dims: [1, "S"] },
  ...["pos", "token", "active", "step"].map((name) => argument(name, "state", ["B"])),
  argument("tokens", "input", ["B", "T"], CHUNK * 4),
  argument("count", "input", ["B"]),
  ...["temperature", "top_k", "top_p", "seed"].map((name) => argument(name, "input", [])),
  argument("stops", "input", [8], 32),
  { name: "logits", kind: "output", bytes: CHUNK * VOCAB * 4, dtype: "f32", dims: ["B", "T", VOCAB] },
  { name: "arena", kind: "arena", bytes: 512 },
];

function range(name: string, offset = 0, bytes?: number): Range {
  const buffer = BUFFERS.find((b) => b.name === name)!;
  return { buffer: name, offset, bytes: bytes ?? buffer.bytes };
}

function launch(
  name: string,
  ranges: readonly Range[],
  x: Dim | number,
  y = 1,
  scalars: readonly number[] = [],
): LaunchStep {
  const extent = (size: Dim | number) => [{ size: Dim.of(size), per: 1 }];
  return { kind: "launch", lane: "compute", kernel: name, grid: [extent(x), extent(y), []], bindings: ranges, scalars };
}

function plan(
  entry: string,
  length: number,
  names: readonly string[],
  outputs: Plan["outputs"],
  steps: readonly LaunchStep[],
): Plan {
  const used = new Set([...names, ...steps.flatMap((step) => step.bindings.map(({ buffer }) => buffer))]);
  const isUsed = ({ name }: PlanBuffer): boolean =>
    used.has(name) || Object.values(outputs).some(({ buffer }) => buffer === name);
  // All entries but `forward` give the logits of a row's last token.
  const own = (buffer: PlanBuffer): PlanBuffer =>
    buffer.name === "logits" && entry !== "forward" ? { ...buffer, dims: ["B", VOCAB] } : buffer;
  return {
    entry,
    bucket: { B: 1, T: length, S: CONTEXT },
    buffers: BUFFERS.filter(isUsed).map(own),
    steps,
    inputs: Object.fromEntries(names.map((name) => [name, range(name)])),
    outputs,
    memory: { peak: 512, lowerBound: 512 },
  };
}

const T = Dim.symbol("T");
const session = ["pos", "token", "active", "step", "temperature", "top_k", "top_p", "seed", "stops"];
const remember = (length: Dim | number): LaunchStep =>
  launch("remember", ["tokens", "pos", "count", "history", "active"].map((name) => range(name)), length); // prettier-ignore
const firstRow = range("logits", 0, VOCAB * 4);
const extended = { logits: firstRow };
const oneHot = launch("one_hot", [...["history", "bias", "count", "pos"].map((name) => range(name)), firstRow], 1);
const sample = (count: string): LaunchStep => launch("sample", ["history", "bias", count, "stops", "pos", "token", "active"].map((name) => range(name)), 1); // prettier-ignore

export const TOY: Program = {
  profile: "toy",
  kernels: KERNELS,
  plans: [
    plan("prefill", CHUNK, ["tokens", "count", ...session], { token: range("token") }, [remember(T), sample("count")]),
    plan("decode", 1, session, { token: range("token") }, [
      launch("again", ["token", "pos", "history"].map((name) => range(name)), 1), // prettier-ignore
      sample("one"),
    ]),
    plan(`extend${CHUNK}`, CHUNK, ["tokens", "count", "pos"], extended, [remember(T), oneHot]),
    // As lowering makes it: where T is the number 1 the bucket does not name it.
    {
      ...plan("extend1", 1, ["tokens", "count", "pos"], extended, [remember(1), oneHot]),
      bucket: { B: 1, S: CONTEXT },
    },
    plan("forward", CHUNK, ["tokens"], { logits: range("logits") }, [
      launch("spread", [range("tokens"), range("arena", 256, 128)], Dim.symbol("B").mul(T), 1, [2]),
      launch("product", [range("arena", 256, 128), range("head"), range("logits")], T, VOCAB, [4]),
    ]),
  ],
};
