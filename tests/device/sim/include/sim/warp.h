// Barriers and what the lanes of a warp tell each other. Each call leaves the thread's fiber; the scheduler brings it
// back when everybody named has arrived, or ends the launch with an error when they cannot.
#pragma once

#include "keywords.h"

extern "C" {
void __syncthreads();
int __syncthreads_or(int predicate);
int __syncthreads_and(int predicate);
int __syncthreads_count(int predicate);

// Kinds of what a warp does together; runtime/warp-ops.cpp says what each gives.
enum cuda_sim_warp_kind {
  cuda_sim_syncwarp,
  cuda_sim_shfl,
  cuda_sim_shfl_xor,
  cuda_sim_shfl_down,
  cuda_sim_shfl_up,
  cuda_sim_ballot,
  cuda_sim_any,
  cuda_sim_all,
  cuda_sim_reduce_add,
  cuda_sim_reduce_min,
  cuda_sim_reduce_max,
  cuda_sim_reduce_min_unsigned,
  cuda_sim_reduce_max_unsigned,
  cuda_sim_reduce_and,
  cuda_sim_reduce_or,
  cuda_sim_reduce_xor,
};
// `operand` is a shuffle's lane, mask or delta.
unsigned long long cuda_sim_warp(int kind, unsigned mask, unsigned long long value, int operand, int width);
unsigned cuda_sim_active_mask();
}

CUDA_SIM_DEVICE void __syncwarp(unsigned mask = 0xffffffffu) {
  cuda_sim_warp(cuda_sim_syncwarp, mask, 0, 0, 32);
}

#define CUDA_SIM_SHUFFLE(name, kind, operand)                                                                     \
  template <typename T>                                                                                           \
  CUDA_SIM_DEVICE T name(unsigned mask, T value, int operand, int width = 32) {                      \
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");                                             \
    unsigned long long word = 0;                                                                                  \
    __builtin_memcpy(&word, &value, sizeof(T));                                                                   \
    word = cuda_sim_warp(kind, mask, word, operand, width);                                        \
    __builtin_memcpy(&value, &word, sizeof(T));                                                                   \
    return value;                                                                                                 \
  }
CUDA_SIM_SHUFFLE(__shfl_sync, cuda_sim_shfl, lane)
CUDA_SIM_SHUFFLE(__shfl_xor_sync, cuda_sim_shfl_xor, lane_mask)
CUDA_SIM_SHUFFLE(__shfl_down_sync, cuda_sim_shfl_down, delta)
CUDA_SIM_SHUFFLE(__shfl_up_sync, cuda_sim_shfl_up, delta)
#undef CUDA_SIM_SHUFFLE

CUDA_SIM_DEVICE unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(cuda_sim_warp(cuda_sim_ballot, mask, predicate != 0, 0, 32));
}
CUDA_SIM_DEVICE int __any_sync(unsigned mask, int predicate) {
  return static_cast<int>(cuda_sim_warp(cuda_sim_any, mask, predicate != 0, 0, 32));
}
CUDA_SIM_DEVICE int __all_sync(unsigned mask, int predicate) {
  return static_cast<int>(cuda_sim_warp(cuda_sim_all, mask, predicate != 0, 0, 32));
}

#define CUDA_SIM_REDUCE(type, name, kind)                                                                        \
  CUDA_SIM_DEVICE type name(unsigned mask, type value) {                                            \
    return static_cast<type>(cuda_sim_warp(kind, mask, static_cast<unsigned>(value), 0, 32));     \
  }
CUDA_SIM_REDUCE(int, __reduce_add_sync, cuda_sim_reduce_add)
CUDA_SIM_REDUCE(unsigned, __reduce_add_sync, cuda_sim_reduce_add)
CUDA_SIM_REDUCE(int, __reduce_min_sync, cuda_sim_reduce_min)
CUDA_SIM_REDUCE(int, __reduce_max_sync, cuda_sim_reduce_max)
CUDA_SIM_REDUCE(unsigned, __reduce_min_sync, cuda_sim_reduce_min_unsigned)
CUDA_SIM_REDUCE(unsigned, __reduce_max_sync, cuda_sim_reduce_max_unsigned)
CUDA_SIM_REDUCE(unsigned, __reduce_and_sync, cuda_sim_reduce_and)
CUDA_SIM_REDUCE(unsigned, __reduce_or_sync, cuda_sim_reduce_or)
CUDA_SIM_REDUCE(unsigned, __reduce_xor_sync, cuda_sim_reduce_xor)
#undef CUDA_SIM_REDUCE

// The lanes of the warp that have not left the kernel: a barrier of memory is no part of the simulation.
CUDA_SIM_DEVICE unsigned __activemask() { return cuda_sim_active_mask(); }
