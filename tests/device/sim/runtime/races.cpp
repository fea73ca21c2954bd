// Order between accesses: of one thread always; of threads of a block by the phase (barriers passed); within a warp by
// vector clocks that __syncwarp joins; of different blocks of a launch never; of different launches always.
#include "races.h"

#include "scheduler.h"

namespace cuda_sim {

namespace {

bool isOfEarlierBlock(const Touch& touch) {
  return touch.phase >= launch.firstPhase && touch.phase < launch.firstPhaseOfBlock;
}

// Whether the running thread may act as if `touch` lay in the past. What was before the phase `start` is no matter: a
// launch has the device to itself, and a block has its shared memory to itself.
bool isOrdered(const Touch& touch, uint32_t start) {
  if (touch.phase < start) return true;
  if (touch.phase < launch.firstPhaseOfBlock) return false;
  const Thread& self = *launch.running;
  if (touch.phase < launch.phase || touch.thread == self.number) return true;
  return touch.thread / lanes == self.number / lanes && touch.clock <= self.seen[touch.thread % lanes];
}

[[noreturn]] void failRace(const Region& region, uintptr_t address, bool isWrite, const Touch& other, bool otherWrote,
                           uint32_t site) {
  const Calls& calls = siteAt(site).calls;
  const std::string who = isOfEarlierBlock(other)
                              ? "another block (its thread " + nameOf(threads[other.thread].index) + ")"
                              : "thread " + nameOf(threads[other.thread].index) + " of the same block";
  const std::string order = isOfEarlierBlock(other) ? "blocks of a launch have no order" : "no barrier lies between";
  failThread("race",
             std::string(isWrite ? "writes " : "reads ") + region.name + " at byte " +
                 std::to_string(address - region.begin) + ", which " + who + (otherWrote ? " wrote in " : " read in ") +
                 placeOf(siteAt(other.site).calls).text + "; " + order,
             calls);
}

bool isSameWarp(const Touch& one, const Touch& other) { return one.thread / lanes == other.thread / lanes; }

// Remembers a read. A reader ordered before this one can be forgotten: who is ordered after this is ordered after that.
void recordRead(Cell& cell, const Touch& self, uint32_t start) {
  for (Touch& reader : cell.readers) {
    if (isOfEarlierBlock(reader)) {
      cell.earlierReader = reader;
      reader = {};
    }
  }
  Touch& first = cell.readers[0];
  Touch& second = cell.readers[1];
  if (isOrdered(first, start)) {
    first = self;
    if (second.phase < launch.phase) second = {};
  } else if (isOrdered(second, start) || (isSameWarp(first, second) && !isSameWarp(first, self))) {
    second = self;
  }
}

void check(const Region& region, uintptr_t address, Cell& cell, bool isWrite, const Touch& self) {
  const uint32_t start = region.space == Space::shared ? launch.firstPhaseOfBlock : launch.firstPhase;
  if (!isOrdered(cell.writer, start)) failRace(region, address, isWrite, cell.writer, true, self.site);
  if (!isWrite) return recordRead(cell, self, start);
  for (const Touch& reader : {cell.readers[0], cell.readers[1], cell.earlierReader})
    if (!isOrdered(reader, start)) failRace(region, address, isWrite, reader, false, self.site);
  cell.writer = self;
}

}  // namespace

void checkRace(Region& region, uintptr_t address, size_t bytes, bool isWrite, uint32_t site) {
  // Nobody can write it, so nobody can race.
  if (!region.isWritable) return;
  const int shift = __builtin_ctzl((address - region.begin) | bytes | 4);
  if (shift < region.cellShift) refineCells(region, shift);
  const Thread& thread = *launch.running;
  const Touch self = {launch.phase, site, thread.clock, static_cast<uint16_t>(thread.number)};
  const size_t first = (address - region.begin) >> region.cellShift;
  const size_t last = (address - region.begin + bytes - 1) >> region.cellShift;
  for (size_t i = first; i <= last; i++) check(region, address, region.cells[i], isWrite, self);
}

}  // namespace cuda_sim
