// Fibers: stacks from one mapping, and a switch of ten instructions on x86-64 (ucontext, which makes two system calls a
// switch, elsewhere).
#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#if !defined(__x86_64__) || defined(CUDA_SIM_UCONTEXT)
#include <ucontext.h>
#endif

namespace cuda_sim {

namespace {

constexpr size_t guardBytes = 4096 * 16;
constexpr size_t strideBytes = stackBytes + guardBytes;

uintptr_t makeStacks() {
  void* found = mmap(nullptr, strideBytes * maxThreads, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) {
    perror("cuda-sim: no memory for the stacks of a block");
    abort();
  }
  const uintptr_t start = reinterpret_cast<uintptr_t>(found);
  for (int index = 0; index < maxThreads; index++)
    mprotect(reinterpret_cast<void*>(start + index * strideBytes), guardBytes, PROT_NONE);
  return start;
}

}  // namespace

uintptr_t stackOf(int index) {
  static const uintptr_t start = makeStacks();
  return start + index * strideBytes + guardBytes;
}

#if defined(__x86_64__) && !defined(CUDA_SIM_UCONTEXT)

extern "C" void cuda_sim_switch(void** from, void* to);
__asm__(R"(
.text
.type cuda_sim_switch, @function
cuda_sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cuda_sim_switch, . - cuda_sim_switch
)");

void prepareFiber(Fiber& fiber, int index, void (*entry)()) {
  // `ret` must leave the stack as after a call: 8 bytes below a multiple of 16. Above it lie six registers.
  auto* top = reinterpret_cast<uintptr_t*>(stackOf(index) + stackBytes);
  top[-1] = 0;
  top[-2] = reinterpret_cast<uintptr_t>(entry);
  for (int kept = 3; kept <= 8; kept++) top[-kept] = 0;
  fiber.saved = top - 8;
}

void switchFiber(Fiber& from, Fiber& to) { cuda_sim_switch(&from.saved, to.saved); }

#else

void prepareFiber(Fiber& fiber, int index, void (*entry)()) {
  static ucontext_t contexts[maxThreads];
  ucontext_t& context = contexts[index];
  getcontext(&context);
  context.uc_stack.ss_sp = reinterpret_cast<void*>(stackOf(index));
  context.uc_stack.ss_size = stackBytes;
  context.uc_link = nullptr;
  makecontext(&context, entry, 0);
  fiber.saved = &context;
}

void switchFiber(Fiber& from, Fiber& to) {
  static ucontext_t scheduler;
  if (from.saved == nullptr) from.saved = &scheduler;
  swapcontext(static_cast<ucontext_t*>(from.saved), static_cast<ucontext_t*>(to.saved));
}

#endif

}  // namespace cuda_sim
