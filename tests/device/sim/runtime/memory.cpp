// Buffers of the device in one reserved range of addresses. Between two lies more than a megabyte that belongs to nobody,
// so an index that is off by a row does not land in the next buffer. Freed addresses are not used again.
#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace cuda_sim {

namespace {

// Reserved, not used: pages come into being when they are touched.
constexpr size_t arenaBytes = size_t{1} << 34;
constexpr size_t cellsBytes = size_t{1} << 38;
constexpr size_t gapBytes = size_t{1} << 20;

uint8_t* reserve(size_t bytes) {
  void* found = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) throw std::bad_alloc();
  return static_cast<uint8_t*>(found);
}

struct Arena {
  uint8_t* const data = reserve(arenaBytes);
  uint8_t* const filled = reserve(arenaBytes);
  Cell* const cells = reinterpret_cast<Cell*>(reserve(cellsBytes));
  size_t used = gapBytes;
  size_t usedCells = 0;
  // By address. A region stays where it is, as accesses remember it.
  std::vector<Region*> regions;
};

Arena& arena() {
  static Arena made;
  return made;
}

size_t roundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

std::string sizeOf(const Region& region) { return region.name + " (" + std::to_string(region.size()) + " bytes)"; }

}  // namespace

Cell* allocateCells(size_t count) {
  Arena& all = arena();
  if ((all.usedCells + count) * sizeof(Cell) > cellsBytes) throw std::bad_alloc();
  Cell* found = all.cells + all.usedCells;
  all.usedCells += count;
  return found;
}

Region& allocate(size_t bytes, const std::string& name) {
  Arena& all = arena();
  const size_t end = all.used + bytes;
  if (bytes > arenaBytes || end + gapBytes > arenaBytes) throw std::bad_alloc();
  auto* region = new Region;
  region->begin = reinterpret_cast<uintptr_t>(all.data) + all.used;
  region->end = region->begin + bytes;
  region->name = name;
  region->filled = all.filled + all.used;
  region->cells = allocateCells(bytes / 4 + 1);
  memset(region->filled, 0, bytes);
  memset(reinterpret_cast<void*>(region->begin), poison, bytes);
  all.used = roundUp(end + std::max(gapBytes, bytes), 256);
  all.regions.push_back(region);
  return *region;
}

void releaseAll() {
  Arena& all = arena();
  for (Region* region : all.regions) delete region;
  all.regions.clear();
  all.used = gapBytes;
  all.usedCells = 0;
  for (Region& region : sharedRegions()) region.cells = nullptr;
}

bool isDeviceAddress(uintptr_t address) {
  return address - reinterpret_cast<uintptr_t>(arena().data) < arenaBytes;
}

Region* regionAt(uintptr_t address) {
  if (isDeviceAddress(address)) {
    const auto& all = arena().regions;
    const auto after = std::upper_bound(all.begin(), all.end(), address,
                                        [](uintptr_t value, const Region* region) { return value < region->begin; });
    if (after == all.begin()) return nullptr;
    Region* found = *(after - 1);
    return address < found->end ? found : nullptr;
  }
  for (Region& region : sharedRegions())
    if (address >= region.begin && address < region.end) return &region;
  return nullptr;
}

std::string describe(uintptr_t address) {
  const Region* nearest = nullptr;
  size_t distance = SIZE_MAX;
  const auto consider = [&](const Region& region) {
    const size_t away = address >= region.end ? address - region.end : region.begin - address;
    if (away < distance) nearest = &region;
    distance = std::min(distance, away);
  };
  for (const Region* region : arena().regions) consider(*region);
  for (const Region& region : sharedRegions()) consider(region);
  if (address < 4096) return "address " + std::to_string(address) + " (a null pointer)";
  if (nearest == nullptr) return "no memory of the device";
  const std::string bytes = distance == 0 ? "just " : std::to_string(distance) + " bytes ";
  return bytes + (address >= nearest->end ? "past the end of " : "before the start of ") + sizeOf(*nearest);
}

void setFilled(const Region& region, uintptr_t address, size_t bytes, bool isFilled) {
  memset(region.filled + (address - region.begin), isFilled ? 1 : 0, bytes);
}

long firstUnfilled(const Region& region, uintptr_t address, size_t bytes) {
  const uint8_t* start = region.filled + (address - region.begin);
  const void* found = memchr(start, 0, bytes);
  return found == nullptr ? -1 : static_cast<const uint8_t*>(found) - start;
}

void refineCells(Region& region, int shift) {
  const int finer = region.cellShift - shift;
  const size_t count = (region.size() >> shift) + 1;
  Cell* cells = allocateCells(count);
  for (size_t i = 0; i < count; i++) cells[i] = region.cells[i >> finer];
  region.cells = cells;
  region.cellShift = shift;
}

void forgetAccesses() {
  Arena& all = arena();
  std::fill(all.cells, all.cells + all.usedCells, Cell{});
}

void poisonShared(Region& region, uint32_t block) {
  region.block = block;
  memset(reinterpret_cast<void*>(region.begin), poison, region.size());
  memset(region.filled, 0, region.size());
  if (region.cells != nullptr) return;
  region.cellShift = 2;
  region.cells = allocateCells(region.size() / 4 + 1);
}

}  // namespace cuda_sim
