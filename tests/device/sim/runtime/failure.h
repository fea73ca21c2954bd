// The first error of a launch: what happened, to whom, and on which line of the source.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../include/sim/vector-types.h"

namespace cuda_sim {

struct Thread;

// Return addresses in the kernel, the innermost first.
using Calls = std::vector<uintptr_t>;

struct Failure {
  std::string kind;
  std::string kernel;
  std::string message;
  bool hasThread = false;
  uint3 block{};
  uint3 thread{};
  std::string file;
  int line = 0;
  std::string text() const;
};

struct Place {
  std::string file;
  int line = 0;
  // "line 12", or "line 12, called from line 40"
  std::string text;
};

// Resolves return addresses by addr2line; frames in the simulator's own headers are left out.
Place placeOf(const Calls& calls);

// Ends the launch from a thread of the kernel; does not return to it.
[[noreturn]] void failThread(const char* kind, const std::string& message, const Calls& calls);

// Ends the launch from the scheduler, on behalf of `thread` (none: of the launch as a whole).
void failLaunch(const char* kind, const std::string& message, const Thread* thread, const Calls& calls);

// "thread (5,0,0) of block (0,1,0)"
std::string nameOf(uint3 thread);

}  // namespace cuda_sim
