// Arithmetic that CUDA has without an include. What IEEE 754 rounds exactly (fmaf, sqrtf, conversions) is exact here;
// expf, tanhf and the like are the C library's, which may differ from the GPU's in the last bits.
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keywords.h"

CUDA_SIM_DEVICE int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
CUDA_SIM_DEVICE unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
CUDA_SIM_DEVICE float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
CUDA_SIM_DEVICE float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
CUDA_SIM_DEVICE long long __double_as_longlong(double x) { return __builtin_bit_cast(long long, x); }
CUDA_SIM_DEVICE double __longlong_as_double(long long x) { return __builtin_bit_cast(double, x); }

CUDA_SIM_DEVICE int __mulhi(int a, int b) { return static_cast<int>((static_cast<long long>(a) * b) >> 32); }
CUDA_SIM_DEVICE unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}
CUDA_SIM_DEVICE unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}
CUDA_SIM_DEVICE int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
CUDA_SIM_DEVICE int __ffs(int x) { return __builtin_ffs(x); }
CUDA_SIM_DEVICE int __popc(unsigned x) { return __builtin_popcount(x); }
CUDA_SIM_DEVICE unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; bit++) reversed |= ((x >> bit) & 1u) << (31 - bit);
  return reversed;
}
CUDA_SIM_DEVICE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>(((static_cast<unsigned long long>(high) << 32 | low) << (shift & 31)) >> 32);
}
CUDA_SIM_DEVICE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (shift & 31));
}

// A conversion to an integer saturates, and gives 0 for a NaN, as the instruction does.
CUDA_SIM_DEVICE int __float2int_rz(float x) {
  if (x != x) return 0;
  return x >= 2147483648.0f ? INT32_MAX : x < -2147483648.0f ? INT32_MIN : static_cast<int>(x);
}
CUDA_SIM_DEVICE unsigned __float2uint_rz(float x) {
  if (!(x > 0)) return 0;
  return x >= 4294967296.0f ? UINT32_MAX : static_cast<unsigned>(x);
}
CUDA_SIM_DEVICE int __float2int_rn(float x) { return __float2int_rz(nearbyintf(x)); }
CUDA_SIM_DEVICE int __float2int_rd(float x) { return __float2int_rz(floorf(x)); }
CUDA_SIM_DEVICE int __float2int_ru(float x) { return __float2int_rz(ceilf(x)); }
CUDA_SIM_DEVICE unsigned __float2uint_rn(float x) { return __float2uint_rz(nearbyintf(x)); }
CUDA_SIM_DEVICE float __int2float_rn(int x) { return static_cast<float>(x); }
CUDA_SIM_DEVICE float __uint2float_rn(unsigned x) { return static_cast<float>(x); }

CUDA_SIM_DEVICE float __fadd_rn(float a, float b) { return a + b; }
CUDA_SIM_DEVICE float __fsub_rn(float a, float b) { return a - b; }
CUDA_SIM_DEVICE float __fmul_rn(float a, float b) { return a * b; }
CUDA_SIM_DEVICE float __fdiv_rn(float a, float b) { return a / b; }
CUDA_SIM_DEVICE float __frcp_rn(float x) { return 1.0f / x; }
CUDA_SIM_DEVICE float __fsqrt_rn(float x) { return sqrtf(x); }
CUDA_SIM_DEVICE float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
CUDA_SIM_DEVICE float __fdividef(float a, float b) { return a / b; }
CUDA_SIM_DEVICE float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }
CUDA_SIM_DEVICE float rsqrtf(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }

// The C library has functions of these names for itself.
#define __expf(x) expf(x)
#define __exp10f(x) powf(10.0f, x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __log10f(x) log10f(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __tanf(x) tanf(x)
#define __powf(x, y) powf(x, y)

// PTX ISA, min and max: a NaN loses against a number, and -0 is below +0, which the C library leaves open.
CUDA_SIM_DEVICE float cuda_sim_fminf(float a, float b) {
  if (a == b) return __builtin_signbit(a) ? a : b;
  return fminf(a, b);
}
CUDA_SIM_DEVICE float cuda_sim_fmaxf(float a, float b) {
  if (a == b) return __builtin_signbit(a) ? b : a;
  return fmaxf(a, b);
}
#define fminf(a, b) cuda_sim_fminf(a, b)
#define fmaxf(a, b) cuda_sim_fmaxf(a, b)

#define CUDA_SIM_MIN_MAX(type)                                        \
  CUDA_SIM_DEVICE type min(type a, type b) { return b < a ? b : a; }    \
  CUDA_SIM_DEVICE type max(type a, type b) { return a < b ? b : a; }
CUDA_SIM_MIN_MAX(int)
CUDA_SIM_MIN_MAX(unsigned)
CUDA_SIM_MIN_MAX(long)
CUDA_SIM_MIN_MAX(unsigned long)
CUDA_SIM_MIN_MAX(long long)
CUDA_SIM_MIN_MAX(unsigned long long)
#undef CUDA_SIM_MIN_MAX
CUDA_SIM_DEVICE float min(float a, float b) { return fminf(a, b); }
CUDA_SIM_DEVICE float max(float a, float b) { return fmaxf(a, b); }
CUDA_SIM_DEVICE double min(double a, double b) { return fmin(a, b); }
CUDA_SIM_DEVICE double max(double a, double b) { return fmax(a, b); }

// A read of memory like any other, so it stays visible to the runtime.
template <typename T>
CUDA_SIM_DEVICE T __ldg(const T* address) {
  return *address;
}
