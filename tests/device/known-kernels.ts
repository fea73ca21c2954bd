/**
 * Launches of the kernels in kernels/*.cu with inputs for which f32 arithmetic is exact (small integers, powers of two)
 * or rounds at known places, so that the expected outputs are exact too.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { SimBuffer, SimLaunch, SimScalar } from "../support/cuda-sim.ts";

export interface KnownLaunch {
  /** In kernels/. */
  readonly file: string;
  readonly launch: SimLaunch;
  /** Of the writable buffers, in order. */
  readonly expected: readonly Float32Array[];
}

export function kernelText(file: string): string {
  return readFileSync(path.join(import.meta.dirname, "kernels", file), "utf8");
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export const input = (data: ArrayBufferView): SimBuffer => ({ bytes: bytesOf(data), access: "read", isFilled: true });
export const output = (bytes: number): SimBuffer => ({
  bytes: new Uint8Array(bytes),
  access: "read_write",
  isFilled: false,
});
const i32 = (value: number): SimScalar => ({ type: "i32", value });
const f32 = (value: number): SimScalar => ({ type: "f32", value });

/** Integers from -low to high in an order that repeats late. */
function integers(count: number, low: number, high: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 7919 + 13) % (low + high + 1)) - low);
}

const map = (count: number, element: (i: number) => number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => element(i));
const sumOf = (count: number, term: (i: number) => number): number => map(count, term).reduce((a, b) => a + b, 0);

function affine(): KnownLaunch {
  const n = 300;
  const [a, b] = [integers(n, 9, 9), integers(4, 3, 3)];
  return {
    file: "elementwise.cu",
    launch: {
      kernel: "affine",
      grid: [3, 1, 1],
      block: [128, 1, 1],
      buffers: [input(a), input(b), output(4 * n)],
      scalars: [i32(n), f32(1.5)],
    },
    expected: [map(n, (i) => a[i]! * 1.5 + b[i % 4]! * 2 ** (i % 4))],
  };
}

function axpy4(): KnownLaunch {
  const n = 100;
  const [a, b] = [integers(4 * n, 9, 9), integers(4 * n, 3, 3)];
  return {
    file: "elementwise.cu",
    launch: {
      kernel: "axpy4",
      grid: [2, 1, 1],
      block: [64, 1, 1],
      buffers: [input(a), input(b), output(16 * n)],
      scalars: [i32(n), f32(-2)],
    },
    expected: [map(4 * n, (i) => a[i]! * -2 + b[i]!)],
  };
}

function transpose32(): KnownLaunch {
  const a = integers(1024, 500, 500);
  return {
    file: "elementwise.cu",
    launch: {
      kernel: "transpose32",
      grid: [1, 1, 1],
      block: [32, 1, 1],
      buffers: [input(a), output(4096)],
      scalars: [],
    },
    expected: [map(1024, (i) => a[(i % 32) * 32 + Math.floor(i / 32)]!)],
  };
}

function norm(kernel: "norm_shared" | "norm_shuffle", threads: number): KnownLaunch {
  const [rows, columns] = [3, 200];
  const x = integers(rows * columns, 5, 5);
  const scale = map(rows, (row) => {
    const squares = sumOf(columns, (i) => x[row * columns + i]! ** 2);
    return 1 / Math.sqrt(Math.fround(Math.fround(squares / columns) + Math.fround(1e-6)));
  });
  return {
    file: "row-norm.cu",
    launch: {
      kernel,
      grid: [rows, 1, 1],
      block: [threads, 1, 1],
      buffers: [input(x), output(4 * rows * columns)],
      scalars: [i32(columns)],
    },
    expected: [map(rows * columns, (i) => x[i]! * scale[Math.floor(i / columns)]!)],
  };
}

function sumWarp(): KnownLaunch {
  const x = integers(64, 9, 9);
  return {
    file: "row-norm.cu",
    launch: {
      kernel: "sum_warp",
      grid: [2, 1, 1],
      block: [32, 1, 1],
      buffers: [input(x), output(8)],
      scalars: [],
    },
    expected: [map(2, (row) => sumOf(32, (i) => x[row * 32 + i]!))],
  };
}

function matmul(): KnownLaunch {
  const [m, k, n] = [40, 64, 96];
  const [a, b] = [integers(m * k, 4, 4), integers(k * n, 3, 4)];
  const element = (row: number, column: number): number => sumOf(k, (i) => a[row * k + i]! * b[i * n + column]!);
  return {
    file: "matmul.cu",
    launch: {
      kernel: "matmul",
      grid: [n / 32, 2, 1],
      block: [64, 1, 1],
      buffers: [input(a), input(b), output(4 * m * n)],
      scalars: [i32(m), i32(k), i32(n)],
    },
    expected: [map(m * n, (i) => element(Math.floor(i / n), i % n))],
  };
}

const [ROWS, COLUMNS] = [5, 70];
const logits = integers(ROWS * COLUMNS, 6, 6);
const peakOf = (row: number): number => Math.max(...logits.subarray(row * COLUMNS, (row + 1) * COLUMNS));
const stats = map(2 * ROWS, (i) => {
  const row = Math.floor(i / 2);
  const peak = peakOf(row);
  return i % 2 === 0 ? peak : sumOf(COLUMNS, (c) => 2 ** (logits[row * COLUMNS + c]! - peak));
});

function rowStats(): KnownLaunch {
  return {
    file: "softmax.cu",
    launch: {
      kernel: "row_stats",
      grid: [ROWS, 1, 1],
      block: [32, 1, 1],
      buffers: [input(logits), output(8 * ROWS)],
      scalars: [i32(COLUMNS)],
    },
    expected: [stats],
  };
}

function rowScale(): KnownLaunch {
  const count = ROWS * COLUMNS;
  return {
    file: "softmax.cu",
    launch: {
      kernel: "row_scale",
      grid: [Math.ceil(count / 64), 1, 1],
      block: [64, 1, 1],
      buffers: [input(logits), input(stats), output(4 * count)],
      scalars: [i32(ROWS), i32(COLUMNS)],
    },
    expected: [
      map(count, (i) => {
        const row = Math.floor(i / COLUMNS);
        return 2 ** (logits[i]! - stats[2 * row]!) / stats[2 * row + 1]!;
      }),
    ],
  };
}

function votes(): KnownLaunch {
  const v = Int32Array.from({ length: 1024 }, (_, i) => (i * 7919 + (i >> 3)) % 7);
  const count = (list: Int32Array, holds: (x: number) => boolean): number => list.filter(holds).length;
  const expected = Int32Array.from({ length: 12 * 1024 }, (_, n) => {
    const [i, what] = [Math.floor(n / 12), n % 12];
    const lane = i % 32;
    const warp = v.subarray(i - lane, i - lane + 32);
    const own = warp[lane]!;
    // prettier-ignore
    switch (what) {
      case 0: return count(v, (x) => x > 2);
      case 1: return 0;
      case 2: return 1;
      case 3: return count(warp, (x) => x === 3);
      case 4: return warp.includes(6) ? 1 : 0;
      case 5: return 1;
      case 6: return warp.reduce((a, b) => a + b);
      case 7: return lane % 8 === 0 ? own : warp[lane - 1]!;
      case 8: return warp[5]!;
      case 9: return 11 * warp[lane + 2 < 32 ? lane + 2 : lane]!;
      case 10: return warp[31 - lane]!;
      default: return lane < 16 ? Math.max(...warp.subarray(0, 16)) : warp[16]!;
    }
  });
  return {
    file: "votes.cu",
    launch: {
      kernel: "votes",
      grid: [1, 1, 1],
      block: [32, 32, 1],
      buffers: [input(v), output(expected.byteLength)],
      scalars: [],
    },
    // Compared by their bits.
    expected: [new Float32Array(expected.buffer)],
  };
}

export const KNOWN = {
  affine: affine(),
  axpy4: axpy4(),
  transpose32: transpose32(),
  norm_shared: norm("norm_shared", 64),
  norm_shuffle: norm("norm_shuffle", 128),
  sum_warp: sumWarp(),
  matmul: matmul(),
  row_stats: rowStats(),
  row_scale: rowScale(),
  votes: votes(),
} as const satisfies Readonly<Record<string, KnownLaunch>>;
export type KnownName = keyof typeof KNOWN;
