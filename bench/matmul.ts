/**
 * matmul: products of f32 matrices on the WebGPU adapter, in GFLOP/s with submit and wait, operands resident: what llmc
 * compiles from one line of `.llm` against jax-js and TensorFlow.js, each on its own device of the same Dawn.
 * `[K, N]` is the plain product, `[N, K]` that with a stored transpose, as `Linear` has it.
 */
import * as webgpu from "webgpu";
import { compile } from "../src/driver/compile.ts";
import { manifestOf } from "../src/plan/manifest.ts";
import { profilesOf } from "../src/profiles/index.ts";
import { unmet } from "../src/runtime/devices/webgpu-adapter.ts";
import { WebGpuDevice } from "../src/runtime/devices/webgpu.ts";
import { Executor } from "../src/runtime/executor.ts";
import { Placement } from "../src/runtime/weight-layout.ts";
import { defined } from "../src/support/errors.ts";
import { Rng } from "../src/support/random.ts";
import type { Contestant, Row } from "./support/harness.ts";
import { RUNS, interleaved, machine, report } from "./support/harness.ts";

type Layout = "[K, N]" | "[N, K]";

interface Case {
  readonly size: number;
  readonly layout: Layout;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** A contestant, and some of the elements of its product, to see that it computes one. */
interface Product extends Contestant {
  head(): Promise<ArrayLike<number>>;
}

// Dawn aborts when its object is collected while a device of it is alive.
const gpu = webgpu.create([]);
Object.assign(globalThis, webgpu.globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });
const adapter = defined((await gpu.requestAdapter()) ?? undefined, "a WebGPU adapter");
const profile = defined(profilesOf("webgpu").find(({ requires }) => unmet(adapter, requires) === undefined), "a profile that fits"); // prettier-ignore
const device = await WebGpuDevice.request(adapter, profile.requires);

async function llmc({ size, layout, a, b }: Case): Promise<Product> {
  const text = `model Product() {
  param weight: f[${size}, ${size}]
  forward(x: f32[B, T, ${size}]) -> f32[B, T, ${size}] {
    return x @ ${layout === "[N, K]" ? "transpose(weight)" : "weight"}
  }
}
`;
  const file = { path: "product.llm", text };
  const { builds, diagnostics } = compile(file, {
    profiles: [profile],
    entries: ["forward"],
    chunk: size,
    context: size,
  });
  const { program, code } = defined(builds[0], diagnostics.map(({ message }) => message).join("; "));
  const manifest = manifestOf(program);
  const executor = await Executor.create(device, manifest, Object.fromEntries(code), size, size);
  const weight = manifest.buffers.findIndex(({ kind }) => kind === "weight");
  // In the order in which the kernel reads it, as a package puts it at load.
  const packed = manifest.buffers[weight]?.layout;
  const parameter = { path: "weight", dims: [size, size], dtype: "f32" as const, ...(packed && { layout: packed }) };
  const placed = defined(new Placement(parameter).place(0, new Uint8Array(b.buffer)), "a whole weight");
  executor.writeBuffer(weight, placed.offset, placed.bytes);
  const sizes = { B: 1, T: size };
  const plan = defined(executor.planFor("forward", sizes), "a plan of this size");
  const [input, output] = [Object.keys(manifest.plans[plan]?.inputs ?? {})[0], executor.outputNames(plan)[0]];
  executor.setInput(plan, defined(input, "an input"), a);
  const range = executor.output(plan, defined(output, "an output"), 64);
  const run = async (): Promise<Uint8Array> => executor.run(plan, sizes, range);
  return {
    name: "llmc",
    run: async () => void (await run()),
    head: async () => {
      const bytes = await run();
      return new Float32Array(bytes.buffer, bytes.byteOffset, 16);
    },
  };
}

async function jaxJs({ size, layout, a, b }: Case): Promise<Product> {
  const jax = await import("@jax-js/jax");
  await jax.init("webgpu");
  jax.defaultDevice("webgpu");
  const np = jax.numpy;
  const [left, right] = [a, b].map((data) => np.array(new Float32Array(data), { shape: [size, size] }));
  const [x, y] = [defined(left, "a"), defined(right, "b")];
  const product = (): ReturnType<typeof np.matmul> =>
    np.matmul(x.ref, layout === "[N, K]" ? np.transpose(y.ref) : y.ref);
  return {
    name: "jax-js",
    run: async () => {
      const z = product();
      await z.blockUntilReady();
      z.dispose();
    },
    head: () => product().data().then((data) => data.slice(0, 16)), // prettier-ignore
  };
}

async function tensorFlow({ size, layout, a, b }: Case): Promise<Product> {
  const tf = await import("@tensorflow/tfjs-core");
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  await tf.setBackend("webgpu");
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error("TensorFlow.js does not run on WebGPU");
  const [x, y] = [a, b].map((data) => tf.tensor2d(data, [size, size]));
  const product = (): ReturnType<typeof tf.matMul> =>
    tf.matMul(defined(x, "a"), defined(y, "b"), false, layout === "[N, K]");
  return {
    name: "TensorFlow.js",
    run: async () => {
      const z = product();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.queue.onSubmittedWorkDone();
      z.dispose();
    },
    head: async () => (await product().data()).slice(0, 16),
  };
}

/** The first 16 elements of the product, in f64. */
function expected({ size, layout, a, b }: Case): readonly number[] {
  return Array.from({ length: 16 }, (_, n) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += (a[k] ?? NaN) * (b[layout === "[N, K]" ? n * size + k : k * size + n] ?? NaN);
    return sum;
  });
}

async function checked(product: Product, one: Case): Promise<Product> {
  const head = await product.head();
  const worst = Math.max(...expected(one).map((x, n) => Math.abs(x - (head[n] ?? NaN))));
  if (!(worst < 1e-3 * Math.sqrt(one.size)))
    throw new Error(`${product.name} is wrong by ${worst} at ${one.size} ${one.layout}`);
  return product;
}

const random = new Rng(1);
const rows: Row[] = [];
for (const size of [1024, 512])
  for (const layout of ["[K, N]", "[N, K]"] as const) {
    const [a, b] = [0, 1].map(() => Float32Array.from({ length: size * size }, () => random.uniform() - 0.5));
    const one: Case = { size, layout, a: defined(a, "a"), b: defined(b, "b") };
    const products: Product[] = [];
    for (const make of [llmc, jaxJs, tensorFlow]) products.push(await checked(await make(one), one));
    const seconds = await interleaved(products);
    const [own = NaN, ...others] = seconds.map((s) => (2 * size ** 3) / s / 1e9);
    const peer = Math.max(...others);
    const peerName = products[1 + others.indexOf(peer)]?.name ?? null;
    rows.push({ name: `f32 ${size}^3 ${layout}`, llmc: own, peer, peerName, ratio: own / peer, unit: "GFLOP/s", better: "higher", runs: RUNS }); // prettier-ignore
  }
device.close();
report("matmul", machine(device.info.adapter), rows, process.argv.includes("--json"));
process.exit(0);
