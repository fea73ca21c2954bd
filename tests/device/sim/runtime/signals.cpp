// Ends a launch from outside: when its time is up, or when a thread crashes where no hook could see it coming (a stack
// too small for its arrays, a division by zero).
//
// Time is looked at by every hook and round. A thread that makes no access, as an empty endless loop, is stopped where
// it stands at the second tick: had it been in a hook or the scheduler, that would have seen the first.
#include <csignal>
#include <cstring>

#include <sys/time.h>
#include <ucontext.h>

#include "scheduler.h"

namespace cuda_sim {

namespace {

constexpr suseconds_t tickMicroseconds = 200'000;

// The instruction that the signal interrupted, as if it were a call's return address.
Calls interrupted(void* context) {
#ifdef __x86_64__
  const auto* where = static_cast<const ucontext_t*>(context);
  return callsOf(*launch.running, static_cast<uintptr_t>(where->uc_mcontext.gregs[REG_RIP]) + 1);
#else
  (void)context;
  return callsOf(*launch.running, 0);
#endif
}

void onTick(int, siginfo_t*, void* context) {
  if (launch.running == nullptr || launch.hasFailed) return;
  if (launch.isTimeUp) failThread("timeout", timeoutMessage, interrupted(context));
  launch.isTimeUp = true;
}

void onCrash(int signal, siginfo_t* info, void* context) {
  if (launch.running == nullptr || launch.hasFailed) {
    ::signal(signal, SIG_DFL);
    return;
  }
  const uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
  const bool isStack = launch.stack - address <= stackBytes;
  const char* message = signal == SIGFPE ? "divides an integer by zero"
                        : isStack        ? "needs more than the 262144 bytes of stack that a thread has here"
                                         : "crashes";
  failThread("crash", message, interrupted(context));
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  // A handler may leave for the scheduler and never return.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | (signal == SIGPROF ? SA_RESTART : SA_ONSTACK);
  sigaction(signal, &action, nullptr);
}

void setTimer(double seconds, suseconds_t interval) {
  itimerval timer = {};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
  timer.it_interval.tv_usec = interval;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

}  // namespace

void startTimer(double seconds) {
  if (seconds > 0) setTimer(seconds, tickMicroseconds);
}

void stopTimer() { setTimer(0, 0); }

void installSignalHandlers() {
  static char stack[1 << 16];
  stack_t alternative = {};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  handle(SIGPROF, onTick);
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) handle(signal, onCrash);
}

}  // namespace cuda_sim
