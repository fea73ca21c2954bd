/**
 * CUDA C++ by hand, in the style of what llmc emits: the texts that must compile without a word, and those that must
 * not. Nothing here runs.
 */

/** y = a * x + y, four elements a thread. */
const ELEMENTWISE = `
extern "C" __global__ void __launch_bounds__(256) axpy(const float4* __restrict__ x, float4* __restrict__ y, float a, int n) {
  const int i = blockIdx.x * 256 + threadIdx.x;
  if (i >= n) return;
  const float4 u = x[i];
  float4 v = y[i];
  v.x = fmaf(a, u.x, v.x);
  v.y = fmaf(a, u.y, v.y);
  v.z = fmaf(a, u.z, v.z);
  v.w = fmaf(a, u.w, v.w);
  y[i] = v;
}
`;

/** Sums of rows: shuffles within a warp, shared memory between the 8 warps. */
const ROW_SUMS = `
extern "C" __global__ void __launch_bounds__(256) row_sums(const float* __restrict__ x, float* __restrict__ out, int columns) {
  __shared__ float partial[8];
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  float sum = 0.0f;
  for (int i = threadIdx.x; i < columns; i += 256) sum += x[blockIdx.x * columns + i];
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (lane == 0) partial[warp] = sum;
  __syncthreads();
  if (warp != 0) return;
  sum = lane < 8 ? partial[lane] : 0.0f;
  for (int step = 4; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (lane == 0) out[blockIdx.x] = sum;
}
`;

/** c = a @ b with tiles of 64 x 64 x 16 in shared memory and 4 x 4 sums a thread; the sizes are multiples of the tile. */
const TILED_MATMUL = `
extern "C" __global__ void __launch_bounds__(256) matmul(const float* __restrict__ a, const float* __restrict__ b,
                                                         float* __restrict__ c, int k, int n) {
  __shared__ float tile_a[16][64];
  __shared__ float tile_b[16][64];
  const int column = threadIdx.x % 16 * 4;
  const int row = threadIdx.x / 16 * 4;
  float sum[4][4] = {};
  for (int start = 0; start < k; start += 16) {
    for (int i = threadIdx.x; i < 16 * 64; i += 256) {
      tile_a[i % 16][i / 16] = a[(blockIdx.y * 64 + i / 16) * k + start + i % 16];
      tile_b[i / 64][i % 64] = b[(start + i / 64) * n + blockIdx.x * 64 + i % 64];
    }
    __syncthreads();
    for (int step = 0; step < 16; step++)
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) sum[i][j] = fmaf(tile_a[step][row + i], tile_b[step][column + j], sum[i][j]);
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 4; j++) c[(blockIdx.y * 64 + row + i) * n + blockIdx.x * 64 + column + j] = sum[i][j];
}
`;

/** A dot product whose weights are pairs of f16 or of bf16. */
const HALVES = `
#include <cuda_fp16.h>
#include <cuda_bf16.h>
extern "C" __global__ void __launch_bounds__(128) scale_f16(const __half2* __restrict__ w, const float2* __restrict__ x, float2* __restrict__ y) {
  const int i = blockIdx.x * 128 + threadIdx.x;
  const float2 pair = __half22float2(w[i]);
  y[i] = make_float2(pair.x * x[i].x, pair.y * x[i].y);
}
extern "C" __global__ void __launch_bounds__(128) scale_bf16(const __nv_bfloat162* __restrict__ w, const float2* __restrict__ x, float2* __restrict__ y) {
  const int i = blockIdx.x * 128 + threadIdx.x;
  const float2 pair = __bfloat1622float2(w[i]);
  y[i] = make_float2(pair.x * x[i].x, pair.y * x[i].y);
}
`;

/** Texts to the kernels in them, by name, with their bytes of shared memory. */
export const CLEAN: Readonly<Record<string, { text: string; shared: Readonly<Record<string, number>> }>> = {
  "elementwise float4": { text: ELEMENTWISE, shared: { axpy: 0 } },
  "a reduction of rows": { text: ROW_SUMS, shared: { row_sums: 8 * 4 } },
  "a tiled product": { text: TILED_MATMUL, shared: { matmul: 2 * 16 * 64 * 4 } },
  "halves of both kinds": { text: HALVES, shared: { scale_bf16: 0, scale_f16: 0 } },
};

/** 96 sums a thread that are all alive at once, where 2 blocks of 1024 threads leave 32 registers to each. */
export const SPILLING = `
extern "C" __global__ void __launch_bounds__(1024, 2) crowded(const float* __restrict__ x, float* __restrict__ y) {
  float sum[96];
#pragma unroll
  for (int i = 0; i < 96; i++) sum[i] = x[i * 1024 + threadIdx.x];
#pragma unroll 1
  for (int step = 0; step < 8; step++)
#pragma unroll
    for (int i = 0; i < 96; i++) sum[i] = fmaf(sum[i], sum[(i + 1) % 96], sum[(i * 7) % 96]);
  float total = 0.0f;
#pragma unroll
  for (int i = 0; i < 96; i++) total += sum[i] * (float)(i + 1);
  y[threadIdx.x] = total;
}
`;
