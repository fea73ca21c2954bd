// Accesses of the lanes of a warp become one request when they are the n-th execution of one site in a round. A lane
// that does not take part leaves its place empty, as a predicate would.
#include "traffic.h"

#include <algorithm>

#include "scheduler.h"

namespace cuda_sim {

Traffic traffic;

namespace {

constexpr uintptr_t sectorBytes = 32;
constexpr int bankCount = 32;

struct Request {
  Space space;
  bool isWrite;
  uint32_t mask;
  uint32_t bytes;
  uintptr_t addresses[lanes];
};

std::vector<Request> requests;
size_t requestCount = 0;
std::vector<uint32_t> sitesOfRound;
uint64_t turn = 0;
const Thread* lastThread = nullptr;

// The addresses of a request's lanes from `from` up to `to`, ascending.
int gather(const Request& request, int from, int to, uintptr_t* addresses) {
  int n = 0;
  for (int lane = from; lane < to; lane++)
    if ((request.mask >> lane & 1) != 0) addresses[n++] = request.addresses[lane];
  if (!std::is_sorted(addresses, addresses + n)) std::sort(addresses, addresses + n);
  return n;
}

void closeGlobal(const Request& request) {
  uintptr_t addresses[lanes];
  const int n = gather(request, 0, lanes, addresses);
  uintptr_t sectors = 0, bytes = 0, nextSector = 0, nextByte = 0;
  for (int i = 0; i < n; i++) {
    const uintptr_t end = addresses[i] + request.bytes;
    const uintptr_t first = std::max(addresses[i] / sectorBytes, nextSector);
    const uintptr_t afterLast = (end + sectorBytes - 1) / sectorBytes;
    if (afterLast > first) sectors += afterLast - first;
    nextSector = std::max(nextSector, afterLast);
    if (end > nextByte) bytes += end - std::max(addresses[i], nextByte);
    nextByte = std::max(nextByte, end);
  }
  const double least = static_cast<double>((bytes + sectorBytes - 1) / sectorBytes);
  (request.isWrite ? traffic.writtenSectors : traffic.readSectors) += static_cast<double>(sectors);
  (request.isWrite ? traffic.leastWrittenSectors : traffic.leastReadSectors) += least;
}

// A request of 8 bytes a lane is served by half warps, one of 16 by quarters; a word asked twice is sent once.
void closeShared(const Request& request) {
  const int width = request.bytes <= 4 ? lanes : request.bytes <= 8 ? lanes / 2 : lanes / 4;
  int worst = 0;
  for (int from = 0; from < lanes; from += width) {
    uintptr_t addresses[lanes];
    const int n = gather(request, from, from + width, addresses);
    int ways[bankCount] = {};
    uintptr_t nextWord = 0;
    for (int i = 0; i < n; i++) {
      const uintptr_t afterLast = (addresses[i] + request.bytes + 3) / 4;
      for (uintptr_t word = std::max(addresses[i] / 4, nextWord); word < afterLast; word++)
        worst = std::max(worst, ++ways[word % bankCount]);
      nextWord = std::max(nextWord, afterLast);
    }
  }
  traffic.sharedRequests++;
  traffic.bankWays += worst;
  traffic.worstBankWays = std::max(traffic.worstBankWays, static_cast<double>(worst));
}

}  // namespace

void startCounting() {
  traffic = {};
  forgetSites();
  requestCount = 0;
  sitesOfRound.clear();
  lastThread = nullptr;
}

void count(uint32_t siteIndex, Space space, uintptr_t address, size_t bytes, bool isWrite) {
  if (space == Space::global) (isWrite ? traffic.writtenBytes : traffic.readBytes) += static_cast<double>(bytes);
  if (lastThread != launch.running) {
    lastThread = launch.running;
    turn++;
  }
  Site& site = siteAt(siteIndex);
  if (site.turn != turn) {
    site.turn = turn;
    site.executions = 0;
  }
  const uint32_t execution = site.executions++;
  if (execution >= site.requests.size()) {
    if (execution == 0) sitesOfRound.push_back(siteIndex);
    if (requestCount == requests.size()) requests.emplace_back();
    site.requests.push_back(static_cast<uint32_t>(requestCount));
    Request& made = requests[requestCount++];
    made.space = space;
    made.isWrite = isWrite;
    made.mask = 0;
    made.bytes = static_cast<uint32_t>(bytes);
  }
  Request& request = requests[site.requests[execution]];
  const int lane = launch.running->number % lanes;
  request.mask |= 1u << lane;
  request.addresses[lane] = address;
}

void closeRound() {
  for (size_t i = 0; i < requestCount; i++)
    requests[i].space == Space::global ? closeGlobal(requests[i]) : closeShared(requests[i]);
  requestCount = 0;
  for (uint32_t site : sitesOfRound) siteAt(site).requests.clear();
  sitesOfRound.clear();
  lastThread = nullptr;
}

}  // namespace cuda_sim
