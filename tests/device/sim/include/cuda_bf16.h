// Stands in for CUDA's header of this name: `__nv_bfloat16` is the upper half of an f32 and rounds to nearest even.
#pragma once

#include "cuda_runtime.h"
#include "sim/small-float-class.h"

CUDA_SIM_SMALL_FLOAT(__nv_bfloat16, __nv_bfloat16_raw, __nv_bfloat162, cuda_sim::Bfloat16)
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

CUDA_SIM_DEVICE float __bfloat162float(__nv_bfloat16 x) { return float(x); }
CUDA_SIM_DEVICE __nv_bfloat16 __float2bfloat16(float x) { return __nv_bfloat16(x); }
CUDA_SIM_DEVICE __nv_bfloat16 __float2bfloat16_rn(float x) { return __nv_bfloat16(x); }
CUDA_SIM_DEVICE __nv_bfloat16 __double2bfloat16(double x) { return __nv_bfloat16(x); }
CUDA_SIM_DEVICE unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.__x; }
CUDA_SIM_DEVICE short __bfloat16_as_short(__nv_bfloat16 x) { return static_cast<short>(x.__x); }
CUDA_SIM_DEVICE __nv_bfloat16 __ushort_as_bfloat16(unsigned short x) { return __nv_bfloat16_raw{x}; }
CUDA_SIM_DEVICE __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
CUDA_SIM_DEVICE __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
CUDA_SIM_DEVICE __nv_bfloat16 __low2bfloat16(__nv_bfloat162 x) { return x.x; }
CUDA_SIM_DEVICE __nv_bfloat16 __high2bfloat16(__nv_bfloat162 x) { return x.y; }
CUDA_SIM_DEVICE __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {__nv_bfloat16(x), __nv_bfloat16(y)};
}
CUDA_SIM_DEVICE __nv_bfloat162 __float22bfloat162_rn(float2 x) {
  return {__nv_bfloat16(x.x), __nv_bfloat16(x.y)};
}
CUDA_SIM_DEVICE float2 __bfloat1622float2(__nv_bfloat162 x) { return {float(x.x), float(x.y)}; }
