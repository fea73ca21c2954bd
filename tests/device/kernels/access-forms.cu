// One form of memory access a case, each by every thread once. sim.test.ts knows how many bytes each reads and writes,
// so a form whose accesses the compiler does not report would be seen.
#include <cuda_fp16.h>

struct alignas(8) half4 {
  __half x, y, z, w;
};

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
__device__ inline float4& operator+=(float4& a, float4 b) {
  a = a + b;
  return a;
}
__device__ inline half4 to_half4(float4 a) {
  return half4{__float2half_rn(a.x), __float2half_rn(a.y), __float2half_rn(a.z), __float2half_rn(a.w)};
}
__device__ inline float4 to_float4(half4 a) {
  return make_float4(__half2float(a.x), __half2float(a.y), __half2float(a.z), __half2float(a.w));
}
template <typename T>
__device__ inline T uniform_load(const T* place) {
  __syncthreads();
  const T value = *place;
  __syncthreads();
  return value;
}

extern "C" __global__ void __launch_bounds__(32)
    forms(const float4* __restrict__ a, const float4* __restrict__ b, const half4* __restrict__ h,
          float4* __restrict__ out, half4* __restrict__ halves, int form) {
  const int i = threadIdx.x;
  const float* floats = &a[0].x;
  switch (form) {
    case 0: out[i] = a[i]; break;
    case 1: out[i] = a[i] + b[i]; break;
    case 2: out[i] = make_float4(a[i].x, 1, 2, 3); break;
    case 3: out[i] = float4{1, 2, 3, 4}; break;
    case 4: out[i] = i % 2 == 0 ? a[i] : b[i]; break;
    case 5: out[i] += a[i]; break;
    case 6: memcpy(out + i, a + i, 16); break;
    case 7: halves[i] = to_half4(a[i]); break;
    case 8: out[i] = to_float4(h[i]); break;
    case 9: (&halves[0].x)[i] = (&h[0].x)[i] + (&h[0].x)[i + 32]; break;
    case 10: (&out[0].x)[i] = __shfl_xor_sync(0xffffffffu, floats[i], 1); break;
    case 11: ((float2*)out)[i] = __shfl_xor_sync(0xffffffffu, ((const float2*)a)[i], 1); break;
    case 12: out[i].y = a[i].z; break;
    case 13: out[i] = uniform_load(a + 3) + __ldg(b + i); break;
    case 14: (&out[0].x)[i] = fmaf(floats[i], floats[i + 1], floats[i + 2]); break;
    case 15: (&halves[0].x)[i] = __float2half_rn(floats[i]); break;
    case 16: (&halves[0].x)[i] += (&h[0].x)[i]; break;
    case 17: out[i] = to_float4(to_half4(to_float4(h[i]) + a[i])); break;
    case 18: {
      const float4 both[2] = {a[i], b[i]};
      for (int k = 0; k < 2; k++) out[i] = both[k];
      break;
    }
  }
}
