// Errors of a launch, and source lines from return addresses. Lines are looked up only here, when something failed.
#include "failure.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "scheduler.h"

namespace cuda_sim {

namespace {

std::string executable() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  return std::string(path, length > 0 ? length : 0);
}

std::string quoted(const std::string& path) {
  std::string result = "'";
  for (char c : path) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

bool isOurs(const std::string& file) {
  return file.find("/sim/include/") != std::string::npos || file.find("/sim/runtime/") != std::string::npos;
}

}  // namespace

Place placeOf(const Calls& calls) {
  std::string command = "addr2line -i -e " + quoted(executable());
  for (uintptr_t address : calls) {
    char text[32];
    // The call lies before the address that it returns to.
    snprintf(text, sizeof text, " 0x%zx", static_cast<size_t>(address - 1));
    command += text;
  }
  Place place;
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return place;
  char row[4200];
  while (fgets(row, sizeof row, pipe) != nullptr) {
    const std::string found = row;
    const size_t colon = found.rfind(':');
    if (colon == std::string::npos || found[0] == '?' || isOurs(found)) continue;
    const int line = atoi(found.c_str() + colon + 1);
    if (line == 0) continue;
    if (place.line == 0) {
      place.file = found.substr(found.rfind('/', colon) + 1);
      place.file = place.file.substr(0, place.file.rfind(':'));
      place.line = line;
      place.text = "line " + std::to_string(line);
    } else {
      place.text += ", called from line " + std::to_string(line);
    }
  }
  pclose(pipe);
  return place;
}

std::string nameOf(uint3 thread) {
  return "(" + std::to_string(thread.x) + "," + std::to_string(thread.y) + "," + std::to_string(thread.z) + ")";
}

std::string Failure::text() const {
  std::string where = "kernel " + kernel;
  if (hasThread) where += ", block " + nameOf(block) + ", thread " + nameOf(thread);
  if (line != 0) where += ", " + file + ":" + std::to_string(line);
  return where + ": " + message;
}

void failLaunch(const char* kind, const std::string& message, const Thread* thread, const Calls& calls) {
  if (launch.hasFailed) return;
  launch.hasFailed = true;
  Failure& failure = launch.failure;
  failure = {};
  failure.kind = kind;
  failure.kernel = launch.kernel == nullptr ? "" : launch.kernel->name;
  failure.message = message;
  if (thread != nullptr) {
    failure.hasThread = true;
    failure.block = launch.block;
    failure.thread = thread->index;
  }
  if (calls.empty()) return;
  const Place place = placeOf(calls);
  failure.file = place.file;
  failure.line = place.line;
  if (place.text.find(',') != std::string::npos) failure.message += " (" + place.text + ")";
}

void failThread(const char* kind, const std::string& message, const Calls& calls) {
  failLaunch(kind, message, launch.running, calls);
  leaveForGood();
}

}  // namespace cuda_sim
