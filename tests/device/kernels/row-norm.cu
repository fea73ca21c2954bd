// Sums of a row in two ways: a tree in shared memory, and shuffles of a warp with one shared word a warp.
//
// Grid: one block a row. out[row, i] = x[row, i] / sqrt(mean of squares + 1e-6).
extern "C" __global__ void __launch_bounds__(64)
    norm_shared(const float* __restrict__ x, float* __restrict__ out, int C) {
  __shared__ float part[64];
  const int lane = threadIdx.x;
  const float* row = x + blockIdx.x * C;
  float sum = 0.0f;
  for (int i = lane; i < C; i += 64) {
    sum = fmaf(row[i], row[i], sum);
  }
  part[lane] = sum;
  __syncthreads();
  for (int half = 32; half > 0; half >>= 1) {
    if (lane < half) {
      part[lane] += part[lane + half];
    }
    __syncthreads();
  }
  const float scale = rsqrtf(part[0] / C + 1e-6f);
  for (int i = lane; i < C; i += 64) {
    out[blockIdx.x * C + i] = row[i] * scale;
  }
}

__device__ inline float warp_sum(float value) {
  for (int step = 16; step > 0; step >>= 1) {
    value += __shfl_xor_sync(0xffffffffu, value, step);
  }
  return value;
}

extern "C" __global__ void __launch_bounds__(128)
    norm_shuffle(const float* __restrict__ x, float* __restrict__ out, int C) {
  __shared__ float sums[4];
  const int row = blockIdx.x * C;
  float sum = 0.0f;
  for (int i = threadIdx.x; i < C; i += 128) {
    sum = fmaf(x[row + i], x[row + i], sum);
  }
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) {
    sums[threadIdx.x / 32] = sum;
  }
  __syncthreads();
  const float total = sums[0] + sums[1] + sums[2] + sums[3];
  const float scale = rsqrtf(total / C + 1e-6f);
  for (int i = threadIdx.x; i < C; i += 128) {
    out[row + i] = x[row + i] * scale;
  }
}

// A sum over one warp whose lanes exchange through shared memory, ordered by __syncwarp alone.
extern "C" __global__ void __launch_bounds__(32) sum_warp(const float* __restrict__ x, float* __restrict__ out) {
  __shared__ float part[32];
  const int lane = threadIdx.x;
  part[lane] = x[blockIdx.x * 32 + lane];
  __syncwarp();
  for (int half = 16; half > 0; half >>= 1) {
    const float other = lane < half ? part[lane + half] : 0.0f;
    __syncwarp();
    part[lane] += other;
    __syncwarp();
  }
  if (lane == 0) {
    out[blockIdx.x] = part[0];
  }
}
