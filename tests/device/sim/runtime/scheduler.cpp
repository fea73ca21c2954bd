// The order in which blocks, warps and lanes run, and the barriers of a block.
//
// The lanes of a warp run one after the other until each waits or has left; that is a round. What they wait for together
// is then completed, and the next round starts. When no lane of any warp can go on, all wait at a block's barrier.
#include "scheduler.h"

#include <algorithm>
#include <numeric>

#include "memory.h"
#include "traffic.h"

extern "C" {
uint3 cuda_sim_thread_index;
uint3 cuda_sim_block_index;
dim3 cuda_sim_block_size;
dim3 cuda_sim_grid_size;
}

namespace cuda_sim {

Launch launch;
Thread threads[maxThreads];

namespace {

Fiber scheduler;
constexpr uint32_t lastPhase = 1u << 31;

void runThread() {
  launch.kernel->call(launch.kernel->function, launch.arguments);
  launch.running->state = State::exited;
  leaveForGood();
}

void resume(Thread& thread) {
  if (!thread.hasStarted) {
    prepareFiber(thread.fiber, thread.number, runThread);
    thread.hasStarted = true;
  }
  launch.running = &thread;
  launch.stack = stackOf(thread.number);
  thread.accesses = 0;
  cuda_sim_thread_index = thread.index;
  switchFiber(scheduler, thread.fiber);
  launch.running = nullptr;
}

// Runs a warp until none of its lanes can go on without another warp.
void runWarp(Thread* warp, int count) {
  bool hasRun = true;
  while (hasRun && !launch.hasFailed) {
    hasRun = false;
    if (launch.isTimeUp) return failLaunch("timeout", timeoutMessage, warp, {});
    for (int lane = 0; lane < count && !launch.hasFailed; lane++) {
      if (warp[lane].state != State::ready) continue;
      resume(warp[lane]);
      hasRun = true;
    }
    closeRound();
    if (!launch.hasFailed && completeWarpOps(warp, count)) hasRun = true;
  }
  if (launch.hasFailed) return;
  if (std::any_of(warp, warp + count, [](const Thread& t) { return t.state == State::atWarpOp; }))
    failStuckWarp(warp, count);
}

const char* const barrierNames[] = {"__syncthreads", "__syncthreads_or", "__syncthreads_and", "__syncthreads_count"};

// The error of a block of which not all threads wait at one barrier.
void failBarrier(const Thread& first, const Thread& other) {
  const auto at = [](const Thread& thread) {
    return std::string(barrierNames[thread.waiting.kind]) + " in " + placeOf(thread.waiting.calls).text;
  };
  failLaunch("barrier",
             "thread " + nameOf(first.index) + " waits at " + at(first) + ", but thread " + nameOf(other.index) +
                 " of its block " +
                 (other.state == State::exited ? std::string("has left the kernel") : "waits at " + at(other)),
             &first, first.waiting.calls);
}

// Lets the threads past the barrier that all of them wait at, or says who is not there.
void releaseBarrier() {
  Thread* const end = threads + launch.threadCount;
  const Thread& first = *std::find_if(threads, end, [](const Thread& t) { return t.state == State::atBarrier; });
  const Waiting& asked = first.waiting;
  for (const Thread* other = threads; other < end; other++)
    if (other->state == State::exited || other->waiting.calls != asked.calls) return failBarrier(first, *other);
  const int holds = static_cast<int>(std::count_if(threads, end, [](const Thread& t) { return t.waiting.value != 0; }));
  for (Thread* thread = threads; thread < end; thread++) {
    switch (static_cast<BarrierKind>(asked.kind)) {
      case BarrierKind::plain: thread->waiting.result = 0; break;
      case BarrierKind::any: thread->waiting.result = holds > 0; break;
      case BarrierKind::all: thread->waiting.result = holds == launch.threadCount; break;
      case BarrierKind::count: thread->waiting.result = holds; break;
    }
    thread->state = State::ready;
  }
  launch.phase++;
}

void startThreads() {
  const dim3 size = launch.size;
  for (int number = 0; number < launch.threadCount; number++) {
    Thread& thread = threads[number];
    const unsigned n = static_cast<unsigned>(number);
    thread.index = {n % size.x, n / size.x % size.y, n / (size.x * size.y)};
    thread.number = number;
    thread.state = State::ready;
    thread.hasStarted = false;
    thread.path.depth = 0;
    thread.path.hashes[0] = 0;
    thread.clock = 1;
    std::fill(std::begin(thread.seen), std::end(thread.seen), 0);
  }
}

void runBlock(uint3 block) {
  launch.block = block;
  launch.firstPhaseOfBlock = ++launch.phase;
  cuda_sim_block_index = block;
  startThreads();
  while (!launch.hasFailed) {
    for (int start = 0; start < launch.threadCount && !launch.hasFailed; start += lanes)
      runWarp(threads + start, std::min(lanes, launch.threadCount - start));
    if (launch.hasFailed) return;
    const auto waits = [](const Thread& t) { return t.state != State::exited; };
    if (std::none_of(threads, threads + launch.threadCount, waits)) return;
    releaseBarrier();
  }
}

// Why the launch would be refused, or nothing.
std::string refusal(const Kernel& kernel, dim3 grid, dim3 block, size_t sharedBytes) {
  const uint64_t count = uint64_t{block.x} * block.y * block.z;
  const auto number = [](uint64_t value) { return std::to_string(value); };
  if (count == 0 || grid.x == 0 || grid.y == 0 || grid.z == 0) return "an extent of the grid or the block is 0";
  if (count > maxThreads || block.z > 64) return "a block of " + number(count) + " threads; 1024 are allowed, 64 along z";
  if (kernel.maxThreads > 0 && count > static_cast<uint64_t>(kernel.maxThreads))
    return "a block of " + number(count) + " threads; __launch_bounds__ allows " + number(kernel.maxThreads);
  if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) return "the grid is larger than 2147483647 x 65535 x 65535";
  if (sharedBytes > 0) return "dynamic shared memory is not simulated";
  const size_t used = sharedBytesOf(kernel.name);
  if (used > 48 * 1024) return number(used) + " bytes of static shared memory; 49152 are allowed";
  return "";
}

}  // namespace

void giveWay() { switchFiber(launch.running->fiber, scheduler); }

void leaveForGood() {
  giveWay();
  __builtin_unreachable();
}

Calls callsOf(const Thread& thread, uintptr_t address) {
  Calls calls = {address};
  // The outermost call is the scheduler's.
  for (int i = std::min(thread.path.depth, maxDepth) - 1; i > 0; i--) calls.push_back(thread.path.calls[i]);
  return calls;
}

bool runLaunch(const Kernel& kernel, dim3 grid, dim3 block, void** arguments, size_t sharedBytes) {
  launch.kernel = &kernel;
  launch.hasFailed = false;
  const std::string refused = refusal(kernel, grid, block, sharedBytes);
  if (!refused.empty()) {
    failLaunch("launch", refused, nullptr, {});
    return false;
  }
  launch.arguments = arguments;
  launch.grid = cuda_sim_grid_size = grid;
  launch.size = cuda_sim_block_size = block;
  launch.threadCount = static_cast<int>(block.x * block.y * block.z);
  // Entries of race cells are compared by phase, so a phase must never come again.
  if (launch.phase > lastPhase) {
    forgetAccesses();
    launch.phase = 0;
  }
  launch.firstPhase = launch.phase + 1;
  startCounting();

  std::vector<uint64_t> order(uint64_t{grid.x} * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0);
  if (launch.order == Order::backward) std::reverse(order.begin(), order.end());
  if (launch.order == Order::random) std::shuffle(order.begin(), order.end(), std::mt19937(launch.seed));

  launch.isUnderWay = true;
  launch.isTimeUp = false;
  startTimer(launch.timeoutSeconds);
  for (uint64_t n : order) {
    runBlock({static_cast<unsigned>(n % grid.x), static_cast<unsigned>(n / grid.x % grid.y),
              static_cast<unsigned>(n / grid.x / grid.y)});
    if (launch.hasFailed) break;
  }
  stopTimer();
  launch.isUnderWay = false;
  return !launch.hasFailed;
}

// A barrier of the block; `place` is the address that the call in the kernel returns to.
static int arrive(BarrierKind kind, int predicate, void* place) {
  Thread* thread = launch.running;
  if (thread == nullptr) return 0;
  thread->waiting = {};
  thread->waiting.kind = static_cast<int>(kind);
  thread->waiting.value = predicate != 0;
  thread->waiting.calls = callsOf(*thread, reinterpret_cast<uintptr_t>(place));
  thread->state = State::atBarrier;
  giveWay();
  return static_cast<int>(thread->waiting.result);
}

}  // namespace cuda_sim

using cuda_sim::BarrierKind;
extern "C" {
void __syncthreads() { cuda_sim::arrive(BarrierKind::plain, 0, __builtin_return_address(0)); }
int __syncthreads_or(int holds) { return cuda_sim::arrive(BarrierKind::any, holds, __builtin_return_address(0)); }
int __syncthreads_and(int holds) { return cuda_sim::arrive(BarrierKind::all, holds, __builtin_return_address(0)); }
int __syncthreads_count(int holds) { return cuda_sim::arrive(BarrierKind::count, holds, __builtin_return_address(0)); }
}
