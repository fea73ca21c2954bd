// What memory there is for kernels: buffers of the device, far apart from each other, and the shared arrays of the text;
// and of each byte whether somebody has written it, of each word who touched it last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cuda_sim {

// An access, for the next one to be compared with.
struct Touch {
  uint32_t phase = 0;
  uint32_t site = 0;
  uint32_t clock = 0;
  uint16_t thread = 0;
};

// The last accesses of one word (or less, see Region::cellShift). Two readers of one phase are kept, of different warps
// where there were such, and one reader of an earlier block.
struct Cell {
  Touch writer;
  Touch readers[2];
  Touch earlierReader;
};

enum class Space { global, shared };

struct Region {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  Space space = Space::global;
  std::string name;
  bool isWritable = true;
  bool isLive = true;
  // One byte a byte of the region: 1 where it holds a value.
  uint8_t* filled = nullptr;
  // One cell covers 1 << cellShift bytes: 4, until a smaller access comes.
  Cell* cells = nullptr;
  int cellShift = 2;
  // The block that a shared array was last poisoned for.
  uint32_t block = 0;
  size_t size() const { return end - begin; }
};

// A new buffer whose bytes nobody has written; its address is a multiple of 256. Throws std::bad_alloc.
Region& allocate(size_t bytes, const std::string& name);
// Forgets all buffers; the next ones take their places.
void releaseAll();

// The region that holds the address (`end` itself belongs to none), live or not; or null.
Region* regionAt(uintptr_t address);
// Whether the address lies where buffers are made.
bool isDeviceAddress(uintptr_t address);
// What lies there, for messages: "4 bytes past the end of parameter 1 (256 bytes)".
std::string describe(uintptr_t address);

void setFilled(const Region& region, uintptr_t address, size_t bytes, bool isFilled);
// The first byte in the range that nobody has written, or -1.
long firstUnfilled(const Region& region, uintptr_t address, size_t bytes);

// Makes the cells of a region as small as `bytes` (1 or 2), each a copy of the larger one that covered it.
void refineCells(Region& region, int shift);
// Clears all cells.
void forgetAccesses();

// Shared arrays come from the symbol table of the executable (symbols.cpp).
std::vector<Region>& sharedRegions();
size_t sharedBytesOf(const std::string& kernel);
// Poisons a shared array once a block.
void poisonShared(Region& region, uint32_t block);
// Whether the access is of no interest: a read of a constant of the text, or of what g++ keeps for itself.
bool isStatic(uintptr_t address, bool isWrite);
Cell* allocateCells(size_t count);

constexpr uint8_t poison = 0xff;

}  // namespace cuda_sim
