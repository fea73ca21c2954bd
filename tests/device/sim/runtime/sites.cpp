// A table of sites by instruction address and path. Sites keep their numbers during a launch, so that a race can name
// the line of an earlier access.
#include "sites.h"

#include <algorithm>
#include <deque>

#include "scheduler.h"

namespace cuda_sim {

namespace {

std::deque<Site> sites;
std::vector<uint32_t> table(1 << 12);  // index + 1 into `sites`; 0 is free
uint32_t liveSites = 0;

uint32_t slotOf(uint64_t key) {
  uint32_t slot = static_cast<uint32_t>(key >> 20) & (table.size() - 1);
  while (table[slot] != 0 && sites[table[slot] - 1].key != key) slot = (slot + 1) & (table.size() - 1);
  return slot;
}

void grow() {
  table.assign(table.size() * 2, 0);
  for (uint32_t i = 0; i < liveSites; i++) table[slotOf(sites[i].key)] = i + 1;
}

}  // namespace

uint32_t siteOf(uintptr_t address) {
  const Path& path = launch.running->path;
  const int depth = path.depth < maxDepth ? path.depth : maxDepth;
  const uint64_t key = (path.hashes[depth] ^ address) * 0x9e3779b97f4a7c15u;
  uint32_t slot = slotOf(key);
  if (table[slot] != 0) return table[slot] - 1;
  if (liveSites * 2 >= table.size()) {
    grow();
    slot = slotOf(key);
  }
  if (liveSites == sites.size()) sites.emplace_back();
  Site& site = sites[liveSites];
  site.key = key;
  site.calls = callsOf(*launch.running, address);
  site.region = nullptr;
  site.turn = 0;
  site.requests.clear();
  table[slot] = ++liveSites;
  return liveSites - 1;
}

Site& siteAt(uint32_t index) { return sites[index]; }

void forgetSites() {
  std::fill(table.begin(), table.end(), 0);
  liveSites = 0;
}

}  // namespace cuda_sim
