// Kernels without shared memory: a tail, vectors with operators, and helpers that read through a pointer.
struct Affine {
  float scale, shift;
};

__device__ inline float4 operator*(float4 a, float b) { return make_float4(a.x * b, a.y * b, a.z * b, a.w * b); }
__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
__device__ __forceinline__ float load(const float* __restrict__ data, int index) {
  return __ldg(data + index);
}

__constant__ float table[4] = {1.0f, 2.0f, 4.0f, 8.0f};

// out[i] = a[i] * scale + b[i % 4] * table[i % 4] for i < N.
extern "C" __global__ void __launch_bounds__(128)
    affine(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ out, int N, float scale) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < N) {
    out[i] = load(a, i) * scale + load(b, i % 4) * table[i % 4];
  }
}

// out[i] = a[i] * scale + b[i], four numbers a thread; N counts vectors.
extern "C" __global__ void __launch_bounds__(64)
    axpy4(const float4* __restrict__ a, const float4* __restrict__ b, float4* __restrict__ out, int N, float scale) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  if (i >= N) return;
  out[i] = a[i] * scale + b[i];
}

// The transpose of a matrix of 32 x 32, column by column: the reads of a warp lie far apart.
extern "C" __global__ void transpose32(const float* __restrict__ a, float* __restrict__ out) {
  const int column = threadIdx.x;
  for (int row = 0; row < 32; row++) {
    out[row * 32 + column] = a[column * 32 + row];
  }
}
