// The main of a simulator that tests talk to: it reads a launch from stdin, answers it on stdout, and goes on until
// stdin ends. tests/support/cuda-sim.ts is the other side.
//
// All numbers are little-endian, words of 32 bits. A frame is its length in bytes, then
//   request   length of the kernel's name, name, grid (3), block (3), order (0, 1, 2), seed, milliseconds,
//             buffers: count, then each: bytes, flags (1 writable, 2 filled) and, if filled, its data;
//             scalars: count, then each: type (0 i32, 1 u32, 2 f32) and bits
//   answer    0, for each writable buffer: bytes nobody has written, data; then the counters as 64-bit floats
//          or 1, kind, message, kernel (each a length and its text), line, hasThread, block (3), thread (3)
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <new>

#include "memory.h"
#include "scheduler.h"
#include "traffic.h"

using namespace cuda_sim;

namespace {

struct Reader {
  const std::vector<char>& bytes;
  size_t at = 0;
  const char* take(size_t count) {
    const char* found = bytes.data() + at;
    at += count;
    return found;
  }
  uint32_t word() {
    uint32_t value;
    memcpy(&value, take(4), 4);
    return value;
  }
  dim3 extents() {
    dim3 value;
    value.x = word();
    value.y = word();
    value.z = word();
    return value;
  }
};

struct Writer {
  std::vector<char> bytes = std::vector<char>(4);
  void data(const void* from, size_t count) {
    const char* start = static_cast<const char*>(from);
    bytes.insert(bytes.end(), start, start + count);
  }
  void word(uint32_t value) { data(&value, 4); }
  void number(double value) { data(&value, 8); }
  void text(const std::string& value) {
    word(static_cast<uint32_t>(value.size()));
    data(value.data(), value.size());
  }
  void extents(uint3 value) {
    word(value.x);
    word(value.y);
    word(value.z);
  }
};

bool readAll(void* to, size_t count) {
  char* at = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t n = read(STDIN_FILENO, at, count);
    if (n <= 0) return false;
    at += n;
    count -= static_cast<size_t>(n);
  }
  return true;
}

bool writeAll(const std::vector<char>& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

constexpr const char* scalarKinds[] = {"i32", "u32", "f32"};

// What the arguments are called in a message that they do not fit the parameters.
std::string kindsOf(const Kernel& kernel) {
  std::string all;
  for (int i = 0; i < kernel.parameterCount; i++)
    all += std::string(i == 0 ? "" : ", ") + kernel.parameters[i].kind;
  return "(" + all + ")";
}

void refuse(const std::string& message) {
  launch.hasFailed = false;
  failLaunch("launch", message, nullptr, {});
}

// Makes the buffers and runs. The regions of the writable buffers are put into `written`.
bool run(Reader& in, std::vector<Region*>& written) {
  const uint32_t nameLength = in.word();
  const std::string name(in.take(nameLength), nameLength);
  const dim3 grid = in.extents(), block = in.extents();
  launch.order = static_cast<Order>(in.word());
  launch.seed = in.word();
  launch.timeoutSeconds = in.word() / 1000.0;

  std::vector<void*> pointers;
  std::vector<std::string> kinds;
  const uint32_t bufferCount = in.word();
  for (uint32_t i = 0; i < bufferCount; i++) {
    const uint32_t bytes = in.word(), flags = in.word();
    Region& region = allocate(bytes, "parameter " + std::to_string(i));
    region.isWritable = (flags & 1) != 0;
    if (region.isWritable) written.push_back(&region);
    if ((flags & 2) != 0) {
      memcpy(reinterpret_cast<void*>(region.begin), in.take(bytes), bytes);
      setFilled(region, region.begin, bytes, true);
    }
    pointers.push_back(reinterpret_cast<void*>(region.begin));
    kinds.push_back("pointer");
  }
  std::vector<uint32_t> scalars;
  const uint32_t scalarCount = in.word();
  for (uint32_t i = 0; i < scalarCount; i++) {
    kinds.push_back(scalarKinds[in.word()]);
    scalars.push_back(in.word());
  }

  const Kernel* kernel = findKernel(name.c_str());
  launch.kernel = kernel;
  if (kernel == nullptr) return refuse("there is no kernel " + name), false;
  bool fits = static_cast<size_t>(kernel->parameterCount) == kinds.size();
  for (size_t i = 0; fits && i < kinds.size(); i++) {
    const std::string kind = kernel->parameters[i].kind;
    fits = kind == kinds[i] || (kind == "const pointer" && kinds[i] == "pointer");
  }
  if (!fits)
    return refuse("the parameters are " + kindsOf(*kernel) + ", the launch has " + std::to_string(bufferCount) +
                  " buffers and " + std::to_string(scalarCount) + " scalars, or scalars of other types"),
           false;
  std::vector<void*> arguments;
  for (void*& pointer : pointers) arguments.push_back(&pointer);
  for (uint32_t& scalar : scalars) arguments.push_back(&scalar);
  return runLaunch(*kernel, grid, block, arguments.data(), 0);
}

void answerSuccess(Writer& out, const std::vector<Region*>& written) {
  out.word(0);
  for (const Region* region : written) {
    uint32_t unwritten = 0;
    for (size_t i = 0; i < region->size(); i++) unwritten += region->filled[i] == 0;
    out.word(unwritten);
    out.data(reinterpret_cast<const void*>(region->begin), region->size());
  }
  for (double counter : {traffic.readBytes, traffic.writtenBytes, traffic.readSectors, traffic.leastReadSectors,
                         traffic.writtenSectors, traffic.leastWrittenSectors, traffic.sharedRequests, traffic.bankWays,
                         traffic.worstBankWays})
    out.number(counter);
}

void answerFailure(Writer& out, const Failure& failure) {
  out.word(1);
  for (const std::string& text : {failure.kind, failure.message, failure.kernel}) out.text(text);
  out.word(static_cast<uint32_t>(failure.line));
  out.word(failure.hasThread);
  out.extents(failure.block);
  out.extents(failure.thread);
}

}  // namespace

int main() {
  installSignalHandlers();
  uint32_t length;
  while (readAll(&length, 4)) {
    std::vector<char> request(length);
    if (!readAll(request.data(), length)) return 1;
    Reader in{request};
    Writer out;
    std::vector<Region*> written;
    bool succeeds = false;
    try {
      succeeds = run(in, written);
    } catch (const std::bad_alloc&) {
      refuse("the buffers do not fit into the memory that is simulated");
    }
    if (succeeds) answerSuccess(out, written);
    else answerFailure(out, launch.failure);
    releaseAll();
    const uint32_t answered = static_cast<uint32_t>(out.bytes.size() - 4);
    memcpy(out.bytes.data(), &answered, 4);
    if (!writeAll(out.bytes)) return 1;
  }
  return 0;
}
