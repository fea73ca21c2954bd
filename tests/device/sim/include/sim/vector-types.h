// CUDA's short vectors with the sizes and alignments of its `vector_types.h`, their make_ functions, and `dim3`.
#pragma once

#define CUDA_SIM_DEVICE static inline __attribute__((always_inline))

#define CUDA_SIM_VECTOR(type, name, align2, align4)                                                             \
  struct name##1 {                                                                                              \
    type x;                                                                                                     \
  };                                                                                                            \
  struct alignas(align2) name##2 {                                                                              \
    type x, y;                                                                                                  \
  };                                                                                                            \
  struct name##3 {                                                                                              \
    type x, y, z;                                                                                               \
  };                                                                                                            \
  struct alignas(align4) name##4 {                                                                              \
    type x, y, z, w;                                                                                            \
  };                                                                                                            \
  CUDA_SIM_DEVICE name##1 make_##name##1(type x) { return {x}; }                                                  \
  CUDA_SIM_DEVICE name##2 make_##name##2(type x, type y) { return {x, y}; }                                       \
  CUDA_SIM_DEVICE name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; }                            \
  CUDA_SIM_DEVICE name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

CUDA_SIM_VECTOR(signed char, char, 2, 4)
CUDA_SIM_VECTOR(unsigned char, uchar, 2, 4)
CUDA_SIM_VECTOR(short, short, 4, 8)
CUDA_SIM_VECTOR(unsigned short, ushort, 4, 8)
CUDA_SIM_VECTOR(int, int, 8, 16)
CUDA_SIM_VECTOR(unsigned int, uint, 8, 16)
CUDA_SIM_VECTOR(long long, longlong, 16, 16)
CUDA_SIM_VECTOR(unsigned long long, ulonglong, 16, 16)
CUDA_SIM_VECTOR(float, float, 8, 16)
CUDA_SIM_VECTOR(double, double, 16, 16)

#undef CUDA_SIM_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};
