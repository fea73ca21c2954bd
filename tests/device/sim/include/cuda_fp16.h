// Stands in for CUDA's header of this name: `__half` is IEEE binary16, bit for bit, and rounds to nearest even.
#pragma once

#include "cuda_runtime.h"
#include "sim/small-float-class.h"

CUDA_SIM_SMALL_FLOAT(__half, __half_raw, __half2, cuda_sim::Binary16)
using half = __half;
using half2 = __half2;

CUDA_SIM_DEVICE float __half2float(__half x) { return float(x); }
CUDA_SIM_DEVICE __half __float2half(float x) { return __half(x); }
CUDA_SIM_DEVICE __half __float2half_rn(float x) { return __half(x); }
CUDA_SIM_DEVICE __half __double2half(double x) { return __half(x); }
CUDA_SIM_DEVICE __half __int2half_rn(int x) { return __half(x); }
CUDA_SIM_DEVICE unsigned short __half_as_ushort(__half x) { return x.__x; }
CUDA_SIM_DEVICE short __half_as_short(__half x) { return static_cast<short>(x.__x); }
CUDA_SIM_DEVICE __half __ushort_as_half(unsigned short x) { return __half_raw{x}; }
CUDA_SIM_DEVICE __half __short_as_half(short x) { return __half_raw{static_cast<unsigned short>(x)}; }
CUDA_SIM_DEVICE __half2 make_half2(__half x, __half y) { return {x, y}; }
CUDA_SIM_DEVICE __half2 __halves2half2(__half x, __half y) { return {x, y}; }
CUDA_SIM_DEVICE __half __low2half(__half2 x) { return x.x; }
CUDA_SIM_DEVICE __half __high2half(__half2 x) { return x.y; }
CUDA_SIM_DEVICE __half2 __half2half2(__half x) { return {x, x}; }
CUDA_SIM_DEVICE __half2 __floats2half2_rn(float x, float y) { return {__half(x), __half(y)}; }
CUDA_SIM_DEVICE __half2 __float22half2_rn(float2 x) { return {__half(x.x), __half(x.y)}; }
CUDA_SIM_DEVICE float2 __half22float2(__half2 x) { return {float(x.x), float(x.y)}; }
