// Conversions and arithmetic of the 16-bit floats, element by element, and a dot product of halves.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

struct alignas(8) half4 {
  __half x, y, z, w;
};

extern "C" __global__ void __launch_bounds__(256)
    widen(const __half* __restrict__ f16, const __nv_bfloat16* __restrict__ bf16, float* __restrict__ from_f16,
          float* __restrict__ from_bf16) {
  const int i = blockIdx.x * 256 + threadIdx.x;
  from_f16[i] = __half2float(f16[i]);
  from_bf16[i] = __bfloat162float(bf16[i]);
}

extern "C" __global__ void __launch_bounds__(256)
    narrow(const float* __restrict__ x, __half* __restrict__ f16, __nv_bfloat16* __restrict__ bf16) {
  const int i = blockIdx.x * 256 + threadIdx.x;
  f16[i] = __float2half_rn(x[i]);
  bf16[i] = __float2bfloat16_rn(x[i]);
}

extern "C" __global__ void __launch_bounds__(256)
    arithmetic(const __half* __restrict__ a, const __half* __restrict__ b, const __half* __restrict__ c,
               __half* __restrict__ sum, __half* __restrict__ product, __half* __restrict__ fused) {
  const int i = blockIdx.x * 256 + threadIdx.x;
  sum[i] = __hadd(a[i], b[i]);
  product[i] = a[i] * b[i];
  fused[i] = __hfma(a[i], b[i], c[i]);
}

// out[0] = sum of a * b over N vectors of four halves, by one warp.
extern "C" __global__ void __launch_bounds__(32)
    dot(const half4* __restrict__ a, const half4* __restrict__ b, float* __restrict__ out, int N) {
  float sum = 0.0f;
  for (int i = threadIdx.x; i < N; i += 32) {
    const half4 va = a[i], vb = b[i];
    sum = fmaf(__half2float(va.x), __half2float(vb.x), sum);
    sum = fmaf(__half2float(va.y), __half2float(vb.y), sum);
    sum = fmaf(__half2float(va.z), __half2float(vb.z), sum);
    sum = fmaf(__half2float(va.w), __half2float(vb.w), sum);
  }
  for (int step = 16; step > 0; step >>= 1) {
    sum += __shfl_xor_sync(0xffffffffu, sum, step);
  }
  if (threadIdx.x == 0) {
    out[0] = sum;
  }
}
