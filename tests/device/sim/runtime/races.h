// Two accesses of one word, one of them a write, that no barrier orders.
#pragma once

#include "sites.h"

namespace cuda_sim {

// Compares the access of the running thread with the earlier ones and records it; ends the launch where it races.
void checkRace(Region& region, uintptr_t address, size_t bytes, bool isWrite, uint32_t site);

}  // namespace cuda_sim
