// A thread of the GPU as a thread of control of this process that runs until it gives way: a stack and the registers
// that a call must keep.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cuda_sim {

constexpr size_t stackBytes = 256 * 1024;
constexpr int maxThreads = 1024;

// Where a fiber lies on its stack while it does not run (x86-64), or its ucontext_t.
struct Fiber {
  void* saved = nullptr;
};

// The lowest address of fiber number `index`'s stack; the page below it is not readable.
uintptr_t stackOf(int index);

// Makes fiber `index` ready to run `entry`, which must never return.
void prepareFiber(Fiber& fiber, int index, void (*entry)());

// Saves the running thread of control in `from` and goes on with `to`.
void switchFiber(Fiber& from, Fiber& to);

}  // namespace cuda_sim
