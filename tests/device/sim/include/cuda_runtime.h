// Stands in for CUDA's header of this name, which nvcc includes before every .cu file.
//
// memcpy and memset of the text are redirected to the runtime, because -fsanitize=thread reports no access for them.
#pragma once

#include "sim/device-math.h"
#include "sim/keywords.h"
#include "sim/runtime-api.h"
#include "sim/vector-types.h"
#include "sim/warp.h"

extern "C" void* memcpy(void* to, const void* from, size_t bytes) noexcept __asm__("cuda_sim_memcpy");
extern "C" void* memmove(void* to, const void* from, size_t bytes) noexcept __asm__("cuda_sim_memmove");
extern "C" void* memset(void* to, int value, size_t bytes) noexcept __asm__("cuda_sim_memset");
