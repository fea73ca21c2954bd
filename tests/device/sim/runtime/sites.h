// The places of the text that access memory: an instruction and the calls that led to it. Known for one launch.
#pragma once

#include <cstdint>
#include <vector>

#include "failure.h"
#include "memory.h"

namespace cuda_sim {

struct Site {
  uint64_t key = 0;
  Calls calls;
  // The region of the last access, which is often that of the next.
  Region* region = nullptr;
  // Executions by the lane that runs now, and the requests of the round under way by number of execution.
  uint64_t turn = 0;
  uint32_t executions = 0;
  std::vector<uint32_t> requests;
};

// The index of the site of this access by the running thread.
uint32_t siteOf(uintptr_t address);
Site& siteAt(uint32_t index);
// Starts anew for a launch: what sites knew of regions no longer holds.
void forgetSites();

}  // namespace cuda_sim
