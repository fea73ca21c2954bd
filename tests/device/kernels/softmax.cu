// A softmax over rows in two kernels: the maximum and the sum of a row, then its elements.
extern "C" __global__ void __launch_bounds__(32)
    row_stats(const float* __restrict__ x, float2* __restrict__ stats, int C) {
  const float* row = x + blockIdx.x * C;
  float peak = -3.0e38f;
  for (int i = threadIdx.x; i < C; i += 32) {
    peak = fmaxf(peak, row[i]);
  }
  for (int step = 16; step > 0; step >>= 1) {
    peak = fmaxf(peak, __shfl_down_sync(0xffffffffu, peak, step));
  }
  peak = __shfl_sync(0xffffffffu, peak, 0);
  float sum = 0.0f;
  for (int i = threadIdx.x; i < C; i += 32) {
    sum += exp2f(row[i] - peak);
  }
  for (int step = 16; step > 0; step >>= 1) {
    sum += __shfl_xor_sync(0xffffffffu, sum, step);
  }
  if (threadIdx.x == 0) {
    stats[blockIdx.x] = make_float2(peak, sum);
  }
}

extern "C" __global__ void __launch_bounds__(64)
    row_scale(const float* __restrict__ x, const float2* __restrict__ stats, float* __restrict__ out, int R, int C) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  if (i < R * C) {
    const float2 of_row = stats[i / C];
    out[i] = exp2f(x[i] - of_row.x) / of_row.y;
  }
}
