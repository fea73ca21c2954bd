// Runs a launch: its blocks one after the other, the threads of a block as fibers, warp by warp.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "failure.h"
#include "fiber.h"
#include "kernels.h"

namespace cuda_sim {

constexpr int lanes = 32;
constexpr int maxDepth = 64;

enum class State { ready, atBarrier, atWarpOp, exited };
enum class Order { forward, backward, random };
enum class BarrierKind { plain, any, all, count };

// What a thread waits for: everybody at a barrier, or the lanes of `mask` in a warp operation.
struct Waiting {
  int kind = 0;
  unsigned mask = 0;
  unsigned long long value = 0;
  int operand = 0;
  int width = 0;
  unsigned long long result = 0;
  Calls calls;
};

// The functions that a thread is in, as return addresses and a hash of them. Two executions of one instruction are the
// same request of a warp only if the hashes agree, as they are different instructions once nvcc has inlined the calls.
struct Path {
  int depth = 0;
  uintptr_t calls[maxDepth];
  uint64_t hashes[maxDepth + 1];
};

struct Thread {
  Fiber fiber;
  uint3 index{};
  int number = 0;
  State state = State::exited;
  bool hasStarted = false;
  Waiting waiting;
  Path path;
  // Accesses since the thread last gave way.
  int accesses = 0;
  // This thread's time in its warp, and the last times of the warp's lanes that __syncwarp ordered before it.
  uint32_t clock = 1;
  uint32_t seen[lanes] = {};
};

struct Launch {
  const Kernel* kernel = nullptr;
  void** arguments = nullptr;
  dim3 grid;
  dim3 size;
  Order order = Order::forward;
  uint32_t seed = 0;
  double timeoutSeconds = 0;

  // The state of the launch under way.
  bool isUnderWay = false;
  uint3 block{};
  int threadCount = 0;
  Thread* running = nullptr;
  uintptr_t stack = 0;
  // Times of the process: phases are what barriers divide a block into, and never repeat.
  uint32_t phase = 1;
  uint32_t firstPhase = 1;
  uint32_t firstPhaseOfBlock = 1;
  bool hasFailed = false;
  bool isTimeUp = false;
  Failure failure;
};

extern Launch launch;
extern Thread threads[maxThreads];

// Runs it to its end or its first error, which is then in `launch.failure`. Answers whether it succeeded.
bool runLaunch(const Kernel& kernel, dim3 grid, dim3 block, void** arguments, size_t sharedBytes);

// For threads: give way until the scheduler comes back; give way and never come back.
void giveWay();
[[noreturn]] void leaveForGood();

// The address and the calls around it, the innermost first.
Calls callsOf(const Thread& thread, uintptr_t address);

// Completes the warp operations of a warp whose lanes have all arrived. Answers whether there was one.
bool completeWarpOps(Thread* warp, int count);

// The error of a warp of which a lane waits for others that will never come.
void failStuckWarp(Thread* warp, int count);

// signals.cpp: sets `launch.isTimeUp` after so many seconds of processor time, and turns a crash of a thread into an
// error of the launch.
void startTimer(double seconds);
void stopTimer();
void installSignalHandlers();
constexpr const char* timeoutMessage = "the launch does not end in the time it was given";

}  // namespace cuda_sim
