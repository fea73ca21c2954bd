// The text that cuda_fp16.h and cuda_bf16.h share: a class of 16 bits, its pair, its operators and the intrinsics whose
// names are the same for both (__hadd, __hfma, ...). Every one of them rounds once.
#pragma once

#include "small-floats.h"

#define CUDA_SIM_SMALL_FLOAT(Class, Raw, Pair, Bits)                                                                  \
  struct Raw {                                                                                                        \
    unsigned short x;                                                                                                 \
  };                                                                                                                  \
  struct alignas(2) Class {                                                                                           \
    unsigned short __x;                                                                                               \
    Class() = default;                                                                                                \
    __attribute__((always_inline)) constexpr Class(Raw raw) : __x(raw.x) {}                                                           \
    __attribute__((always_inline)) Class(float value) : __x(Bits::round(value)) {}                                                    \
    __attribute__((always_inline)) Class(double value) : __x(Bits::round(value)) {}                                                   \
    __attribute__((always_inline)) Class(int value) : __x(Bits::round(value)) {}                                                      \
    __attribute__((always_inline)) Class(unsigned value) : __x(Bits::round(value)) {}                                                 \
    __attribute__((always_inline)) operator float() const { return static_cast<float>(Bits::value(__x)); }                            \
    __attribute__((always_inline)) operator Raw() const { return Raw{__x}; }                                                          \
  };                                                                                                                  \
  struct alignas(4) Pair {                                                                                            \
    Class x, y;                                                                                                       \
  };                                                                                                                  \
  CUDA_SIM_DEVICE Class __hadd(Class a, Class b) { return Raw{Bits::add(a.__x, b.__x)}; }                \
  CUDA_SIM_DEVICE Class __hsub(Class a, Class b) { return Raw{Bits::subtract(a.__x, b.__x)}; }           \
  CUDA_SIM_DEVICE Class __hmul(Class a, Class b) { return Raw{Bits::multiply(a.__x, b.__x)}; }           \
  CUDA_SIM_DEVICE Class __hdiv(Class a, Class b) { return Raw{Bits::divide(a.__x, b.__x)}; }             \
  CUDA_SIM_DEVICE Class __hfma(Class a, Class b, Class c) {                                              \
    return Raw{Bits::fma(a.__x, b.__x, c.__x)};                                                                       \
  }                                                                                                                   \
  CUDA_SIM_DEVICE Class __hneg(Class a) { return Raw{static_cast<unsigned short>(a.__x ^ 0x8000)}; }     \
  CUDA_SIM_DEVICE Class __habs(Class a) { return Raw{static_cast<unsigned short>(a.__x & 0x7fff)}; }     \
  CUDA_SIM_DEVICE bool __hisnan(Class a) { return (a.__x & 0x7fff) > Bits::infinity; }                   \
  CUDA_SIM_DEVICE Class __hmax(Class a, Class b) { return Class(fmaxf(float(a), float(b))); }            \
  CUDA_SIM_DEVICE Class __hmin(Class a, Class b) { return Class(fminf(float(a), float(b))); }            \
  CUDA_SIM_DEVICE Class operator+(Class a, Class b) { return __hadd(a, b); }                             \
  CUDA_SIM_DEVICE Class operator-(Class a, Class b) { return __hsub(a, b); }                             \
  CUDA_SIM_DEVICE Class operator*(Class a, Class b) { return __hmul(a, b); }                             \
  CUDA_SIM_DEVICE Class operator/(Class a, Class b) { return __hdiv(a, b); }                             \
  CUDA_SIM_DEVICE Class operator-(Class a) { return __hneg(a); }                                         \
  CUDA_SIM_DEVICE Class& operator+=(Class& a, Class b) { return a = __hadd(a, b); }                                     \
  CUDA_SIM_DEVICE Class& operator-=(Class& a, Class b) { return a = __hsub(a, b); }                                     \
  CUDA_SIM_DEVICE Class& operator*=(Class& a, Class b) { return a = __hmul(a, b); }                                     \
  CUDA_SIM_DEVICE Class& operator/=(Class& a, Class b) { return a = __hdiv(a, b); }                                     \
  CUDA_SIM_DEVICE bool operator==(Class a, Class b) { return float(a) == float(b); }                     \
  CUDA_SIM_DEVICE bool operator!=(Class a, Class b) { return float(a) != float(b); }                     \
  CUDA_SIM_DEVICE bool operator<(Class a, Class b) { return float(a) < float(b); }                       \
  CUDA_SIM_DEVICE bool operator<=(Class a, Class b) { return float(a) <= float(b); }                     \
  CUDA_SIM_DEVICE bool operator>(Class a, Class b) { return float(a) > float(b); }                       \
  CUDA_SIM_DEVICE bool operator>=(Class a, Class b) { return float(a) >= float(b); }                     \
  CUDA_SIM_DEVICE Pair __hadd2(Pair a, Pair b) { return {__hadd(a.x, b.x), __hadd(a.y, b.y)}; }          \
  CUDA_SIM_DEVICE Pair __hmul2(Pair a, Pair b) { return {__hmul(a.x, b.x), __hmul(a.y, b.y)}; }          \
  CUDA_SIM_DEVICE Pair __hfma2(Pair a, Pair b, Pair c) {                                                 \
    return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};                                                            \
  }                                                                                                                   \
  CUDA_SIM_DEVICE float __low2float(Pair a) { return float(a.x); }                                       \
  CUDA_SIM_DEVICE float __high2float(Pair a) { return float(a.y); }
