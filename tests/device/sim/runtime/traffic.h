// What a launch asks of memory, counted as a GPU serves it: by the requests of whole warps.
#pragma once

#include "sites.h"

namespace cuda_sim {

struct Traffic {
  double readBytes = 0;
  double writtenBytes = 0;
  // 32-byte sectors that the requests touched, and the fewest that could have held the different bytes asked for.
  double readSectors = 0;
  double leastReadSectors = 0;
  double writtenSectors = 0;
  double leastWrittenSectors = 0;
  double sharedRequests = 0;
  // Of each request to shared memory, how often the busiest bank is asked: the sum over all, and the worst.
  double bankWays = 0;
  double worstBankWays = 0;
};

extern Traffic traffic;

void startCounting();
// An access of the running thread.
void count(uint32_t site, Space space, uintptr_t address, size_t bytes, bool isWrite);
// The lanes of a warp have had their turn: requests are complete.
void closeRound();

}  // namespace cuda_sim
