// The functions that -fsanitize=thread has the compiler call before each access of memory. The sanitizer's own library
// is not linked; here each access of a running kernel is checked and counted.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "races.h"
#include "scheduler.h"
#include "traffic.h"

namespace cuda_sim {

namespace {

// A lane that has made so many accesses gives way, which bounds the memory that the requests of a round take.
constexpr int accessesATurn = 1 << 13;

std::string bytesOf(size_t bytes) { return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes"); }

[[noreturn]] void fail(const char* kind, const std::string& message, uint32_t site) {
  failThread(kind, message, siteAt(site).calls);
}

// The region of the access, which lies in it wholly; null for a constant of the text.
Region* regionOf(uint32_t siteIndex, uintptr_t address, size_t bytes, bool isWrite) {
  Site& site = siteAt(siteIndex);
  const auto holds = [&](const Region& region) { return address >= region.begin && address + bytes <= region.end; };
  if (site.region != nullptr && holds(*site.region)) return site.region;
  Region* found = regionAt(address);
  const std::string what = (isWrite ? "writes " : "reads ") + bytesOf(bytes);
  if (found == nullptr && isStatic(address, isWrite)) return nullptr;
  if (found == nullptr) fail("out_of_bounds", what + " " + describe(address), siteIndex);
  if (!holds(*found))
    fail("out_of_bounds", what + ", the last of them " + describe(address + bytes - 1), siteIndex);
  if (!found->isLive) fail("use_after_free", what + " of " + found->name + ", which was freed", siteIndex);
  site.region = found;
  return found;
}

// Code of the host may touch what it likes but the device.
void checkHost(uintptr_t address) {
  if (launch.isUnderWay || !isDeviceAddress(address)) return;
  fprintf(stderr, "cuda-sim: code of the host touches memory of the device: %s\n",
          regionAt(address) == nullptr ? describe(address).c_str() : regionAt(address)->name.c_str());
  abort();
}

void access(const void* pointer, size_t bytes, bool isWrite, bool isAligned, void* place) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  Thread* thread = launch.running;
  if (thread == nullptr) return checkHost(address);
  if (address - launch.stack < stackBytes || bytes == 0) return;
  const uintptr_t returnsTo = reinterpret_cast<uintptr_t>(place);
  if (launch.isTimeUp) failThread("timeout", timeoutMessage, callsOf(*thread, returnsTo));
  if (++thread->accesses > accessesATurn) giveWay();

  const uint32_t site = siteOf(returnsTo);
  const char* verb = isWrite ? "writes " : "reads ";
  if (isAligned && address % bytes != 0)
    fail("misaligned", verb + bytesOf(bytes) + " at an address that is no multiple of " + std::to_string(bytes), site);
  Region* found = regionOf(site, address, bytes, isWrite);
  if (found == nullptr) return;
  Region& region = *found;
  if (region.space == Space::shared && region.block != launch.firstPhaseOfBlock)
    poisonShared(region, launch.firstPhaseOfBlock);
  if (isWrite && !region.isWritable) fail("read_only", "writes " + region.name + ", which is read-only", site);
  if (isWrite) {
    setFilled(region, address, bytes, true);
  } else if (const long missing = firstUnfilled(region, address, bytes); missing >= 0) {
    fail("uninitialised",
         "reads " + region.name + " at byte " + std::to_string(address - region.begin + missing) + ", which nobody has written",
         site);
  }
  checkRace(region, address, bytes, isWrite, site);
  count(site, region.space, address, bytes, isWrite);
}

}  // namespace

}  // namespace cuda_sim

using cuda_sim::access;
using cuda_sim::launch;
using cuda_sim::maxDepth;

extern "C" {

#define HOOKS(size)                                                                                                   \
  void __tsan_read##size(void* p) { access(p, size, false, true, __builtin_return_address(0)); }                      \
  void __tsan_write##size(void* p) { access(p, size, true, true, __builtin_return_address(0)); }                      \
  void __tsan_unaligned_read##size(void* p) { access(p, size, false, false, __builtin_return_address(0)); }           \
  void __tsan_unaligned_write##size(void* p) { access(p, size, true, false, __builtin_return_address(0)); }           \
  void __tsan_volatile_read##size(void* p) { access(p, size, false, true, __builtin_return_address(0)); }             \
  void __tsan_volatile_write##size(void* p) { access(p, size, true, true, __builtin_return_address(0)); }             \
  void __tsan_unaligned_volatile_read##size(void* p) { access(p, size, false, false, __builtin_return_address(0)); }  \
  void __tsan_unaligned_volatile_write##size(void* p) { access(p, size, true, false, __builtin_return_address(0)); }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
#undef HOOKS

// Structures of other sizes are copied piece by piece, so there is no alignment to hold them to.
void __tsan_read_range(void* p, size_t bytes) { access(p, bytes, false, false, __builtin_return_address(0)); }
void __tsan_write_range(void* p, size_t bytes) { access(p, bytes, true, false, __builtin_return_address(0)); }
void __tsan_vptr_update(void** p, void*) { access(p, sizeof *p, true, true, __builtin_return_address(0)); }
void __tsan_vptr_read(void** p) { access(p, sizeof *p, false, true, __builtin_return_address(0)); }
void __tsan_init() {}

void __tsan_func_entry(void* caller) {
  if (launch.running == nullptr) return;
  cuda_sim::Path& path = launch.running->path;
  const uint64_t address = reinterpret_cast<uintptr_t>(caller);
  if (path.depth < maxDepth) {
    path.calls[path.depth] = address;
    path.hashes[path.depth + 1] = (path.hashes[path.depth] ^ address) * 0xff51afd7ed558ccdu;
  }
  path.depth++;
}
void __tsan_func_exit() {
  if (launch.running != nullptr) launch.running->path.depth--;
}

// memcpy and its like in the text (see cuda_runtime.h).
void* cuda_sim_memcpy(void* to, const void* from, size_t bytes) {
  access(from, bytes, false, false, __builtin_return_address(0));
  access(to, bytes, true, false, __builtin_return_address(0));
  return memcpy(to, from, bytes);
}
void* cuda_sim_memmove(void* to, const void* from, size_t bytes) {
  access(from, bytes, false, false, __builtin_return_address(0));
  access(to, bytes, true, false, __builtin_return_address(0));
  return memmove(to, from, bytes);
}
void* cuda_sim_memset(void* to, int value, size_t bytes) {
  access(to, bytes, true, false, __builtin_return_address(0));
  return memset(to, value, bytes);
}
}
