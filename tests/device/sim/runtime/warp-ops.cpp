// What the lanes of a warp do together: shuffles, votes, reductions and __syncwarp.
//
// CUDA's rule: a caller names itself in its mask, and every lane of the mask calls the same function with the same mask.
// Hardware lets lanes be named that have left the kernel; here that is an error too, because a result would be taken
// from nobody. Only __syncwarp orders memory.
#include <algorithm>

#include "../include/sim/warp.h"
#include "scheduler.h"

namespace cuda_sim {

namespace {

const char* const names[] = {
    "__syncwarp",        "__shfl_sync",       "__shfl_xor_sync",   "__shfl_down_sync",
    "__shfl_up_sync",    "__ballot_sync",     "__any_sync",        "__all_sync",
    "__reduce_add_sync", "__reduce_min_sync", "__reduce_max_sync", "__reduce_min_sync",
    "__reduce_max_sync", "__reduce_and_sync", "__reduce_or_sync",  "__reduce_xor_sync",
};

std::string hex(unsigned mask) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

bool agrees(const Thread& one, const Thread& other) {
  return other.state == State::atWarpOp && other.waiting.kind == one.waiting.kind &&
         other.waiting.mask == one.waiting.mask;
}

// The lane that `lane` takes its value from; its own where that lies outside its part of `width` lanes.
int sourceOf(const Waiting& asked, int lane) {
  const int start = lane & ~(asked.width - 1);
  const int end = start + asked.width;
  const int operand = asked.operand;
  switch (asked.kind) {
    case cuda_sim_shfl: return start + (operand & (asked.width - 1));
    case cuda_sim_shfl_xor: return (lane ^ operand) < end ? lane ^ operand : lane;
    case cuda_sim_shfl_down: return lane + operand < end ? lane + operand : lane;
    case cuda_sim_shfl_up: return lane - operand >= start ? lane - operand : lane;
    default: return lane;
  }
}

unsigned folded(int kind, unsigned sum, unsigned value) {
  const int signedSum = static_cast<int>(sum), signedValue = static_cast<int>(value);
  switch (kind) {
    case cuda_sim_reduce_add: return sum + value;
    case cuda_sim_reduce_min: return static_cast<unsigned>(std::min(signedSum, signedValue));
    case cuda_sim_reduce_max: return static_cast<unsigned>(std::max(signedSum, signedValue));
    case cuda_sim_reduce_min_unsigned: return std::min(sum, value);
    case cuda_sim_reduce_max_unsigned: return std::max(sum, value);
    case cuda_sim_reduce_and: return sum & value;
    case cuda_sim_reduce_or: return sum | value;
    default: return sum ^ value;
  }
}

void complete(Thread* warp, unsigned mask, int kind) {
  const auto isIn = [mask](int lane) { return (mask >> lane & 1) != 0; };
  const int first = __builtin_ctz(mask);
  unsigned ballot = 0;
  unsigned reduced = static_cast<unsigned>(warp[first].waiting.value);
  for (int lane = first; lane < lanes; lane++) {
    if (!isIn(lane)) continue;
    if (warp[lane].waiting.value != 0) ballot |= 1u << lane;
    if (lane > first && kind >= cuda_sim_reduce_add)
      reduced = folded(kind, reduced, static_cast<unsigned>(warp[lane].waiting.value));
  }
  uint32_t seen[lanes] = {};
  for (int lane = 0; lane < lanes; lane++) {
    if (!isIn(lane)) continue;
    for (int other = 0; other < lanes; other++) seen[other] = std::max(seen[other], warp[lane].seen[other]);
    seen[lane] = std::max(seen[lane], warp[lane].clock);
  }
  for (int lane = 0; lane < lanes; lane++) {
    if (!isIn(lane)) continue;
    Waiting& asked = warp[lane].waiting;
    const int source = sourceOf(asked, lane);
    switch (kind) {
      case cuda_sim_syncwarp:
        std::copy(std::begin(seen), std::end(seen), warp[lane].seen);
        warp[lane].clock++;
        break;
      case cuda_sim_shfl:
      case cuda_sim_shfl_xor:
      case cuda_sim_shfl_down:
      case cuda_sim_shfl_up:
        if (!isIn(source))
          return failLaunch("shuffle",
                            std::string(names[kind]) + " takes lane " + std::to_string(source) +
                                "'s value, which the mask " + hex(mask) + " does not name",
                            &warp[lane], asked.calls);
        asked.result = warp[source].waiting.value;
        break;
      case cuda_sim_ballot: asked.result = ballot; break;
      case cuda_sim_any: asked.result = ballot != 0; break;
      case cuda_sim_all: asked.result = ballot == mask; break;
      default: asked.result = reduced;
    }
    warp[lane].state = State::ready;
  }
}

}  // namespace

bool completeWarpOps(Thread* warp, int count) {
  bool found = false;
  for (int lane = 0; lane < count && !launch.hasFailed; lane++) {
    if (warp[lane].state != State::atWarpOp) continue;
    const unsigned mask = warp[lane].waiting.mask;
    if (count < lanes && mask >> count != 0) continue;
    bool isComplete = true;
    for (int other = 0; other < count; other++)
      if ((mask >> other & 1) != 0 && !agrees(warp[lane], warp[other])) isComplete = false;
    if (!isComplete) continue;
    complete(warp, mask, warp[lane].waiting.kind);
    found = true;
  }
  return found;
}

void failStuckWarp(Thread* warp, int count) {
  Thread& first = *std::find_if(warp, warp + count, [](const Thread& t) { return t.state == State::atWarpOp; });
  const Waiting& asked = first.waiting;
  int missing = 0;
  while ((asked.mask >> missing & 1) == 0 || (missing < count && agrees(first, warp[missing]))) missing++;
  std::string what = "the mask " + hex(asked.mask) + " of " + names[asked.kind] + " names lane " +
                     std::to_string(missing) + ", which ";
  if (missing >= count) {
    what += "does not exist: the warp has " + std::to_string(count) + " threads";
  } else {
    const Thread& other = warp[missing];
    const std::string place = other.state == State::exited ? "" : placeOf(other.waiting.calls).text;
    switch (other.state) {
      case State::exited: what += "has left the kernel"; break;
      case State::atBarrier: what += "waits at a barrier of the block in " + place; break;
      default: what += "waits at " + std::string(names[other.waiting.kind]) + " with the mask " +
                       hex(other.waiting.mask) + " in " + place;
    }
  }
  failLaunch("shuffle", what, &first, asked.calls);
}

}  // namespace cuda_sim

extern "C" unsigned long long cuda_sim_warp(int kind, unsigned mask, unsigned long long value, int operand, int width) {
  using namespace cuda_sim;
  Thread* thread = launch.running;
  if (thread == nullptr) return value;
  const Calls calls = callsOf(*thread, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  const int lane = thread->number % lanes;
  if ((mask >> lane & 1) == 0)
    failThread("shuffle",
               "lane " + std::to_string(lane) + " calls " + names[kind] + " with the mask " + hex(mask) +
                   ", which does not name it",
               calls);
  if (width < 1 || width > lanes || (width & (width - 1)) != 0)
    failThread("shuffle", "the width " + std::to_string(width) + " is no power of two up to 32", calls);
  thread->waiting = {kind, mask, value, operand, width, 0, calls};
  thread->state = State::atWarpOp;
  giveWay();
  return thread->waiting.result;
}

extern "C" unsigned cuda_sim_active_mask() {
  using namespace cuda_sim;
  if (launch.running == nullptr) return 0;
  const int start = launch.running->number / lanes * lanes;
  unsigned mask = 0;
  for (int lane = 0; lane < lanes && start + lane < launch.threadCount; lane++)
    if (threads[start + lane].state != State::exited) mask |= 1u << lane;
  return mask;
}
