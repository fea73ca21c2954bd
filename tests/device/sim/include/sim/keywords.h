// The words that CUDA adds to C++, as g++ may read them, and the variables that tell a thread who it is.
//
// A `__shared__` array is a static variable of the section "cuda_sim_shared" with a red zone before it: blocks run one
// after the other, so one copy is enough, and the runtime finds each array by its symbol. (The macro is two declarations;
// `extern __shared__`, whose size comes with the launch, is not simulated.)
#pragma once

#include "vector-types.h"

#define __global__
// -fsanitize=thread does not see a structure that a call takes from memory or leaves there (`out[i] = a[i] + b[i]`), so
// no such call may remain. This also makes each copy an instruction of its own, as nvcc does.
#define __device__ __attribute__((always_inline))
#define __host__
#define __constant__ __attribute__((section("cuda_sim_constant")))
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__

// g++ takes `alignas` only before `static`, CUDA after `__shared__` too; the attribute may stand in both places.
namespace cuda_sim {
template <typename T>
constexpr unsigned long alignment() {
  return alignof(T);
}
template <unsigned long bytes>
constexpr unsigned long alignment() {
  return bytes;
}
}  // namespace cuda_sim
#define alignas(...) __attribute__((aligned(cuda_sim::alignment<__VA_ARGS__>())))

#define CUDA_SIM_JOIN_(a, b) a##b
#define CUDA_SIM_JOIN(a, b) CUDA_SIM_JOIN_(a, b)
#define CUDA_SIM_SHARED static __attribute__((used, section("cuda_sim_shared"), aligned(16)))
#define __shared__                                                                        \
  CUDA_SIM_SHARED unsigned char CUDA_SIM_JOIN(cuda_sim_red_zone_, __COUNTER__)[256]; \
  CUDA_SIM_SHARED

// Constant to the kernel, which keeps g++ from reporting their reads; the scheduler writes them under other names.
extern const uint3 threadIdx __asm__("cuda_sim_thread_index");
extern const uint3 blockIdx __asm__("cuda_sim_block_index");
// (The sizes are `dim3` in CUDA; with its constructors g++ would not take them for constants.)
extern const uint3 blockDim __asm__("cuda_sim_block_size");
extern const uint3 gridDim __asm__("cuda_sim_grid_size");
constexpr int warpSize = 32;
