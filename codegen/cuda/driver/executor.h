// The model on the device: its buffers, what is written into them, and the plan that serves a call.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "convert.h"
#include "failure.h"
#include "launch.h"
#include "plan.h"

namespace llm {

// The name of the device in use. Throws where there is none, or no driver.
inline std::string deviceName() {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found != cudaSuccess) throw Failure(4, "adapter", std::string("no CUDA device: ") + cudaGetErrorString(found));
  if (count == 0) throw Failure(4, "adapter", "there is no CUDA device");
  int device = 0;
  check(cudaGetDevice(&device), "choosing a CUDA device");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "asking for the device's name");
  return properties.name;
}

class Executor {
 public:
  // Allocates all buffers, zeroed, and fills the constants; weights come by `write`.
  explicit Executor(const Model& model) : model(model) {
    try {
      for (const Buffer& buffer : model.buffers) allocate(buffer.bytes);
      for (const Constant& constant : model.constants) write({constant.buffer}, constantBytes(constant));
    } catch (...) {
      release();
      throw;
    }
  }

  ~Executor() { release(); }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void write(Place place, const std::vector<std::byte>& bytes) {
    if (bytes.empty()) return;
    check(cudaMemcpy(address(place), bytes.data(), bytes.size(), cudaMemcpyHostToDevice), "copying to the device");
  }

  // The smallest plan of `entry` for so many tokens of one row; null where there is none. An entry has a plan of its
  // name, and may have others with their largest number of tokens behind it: `extend1`.
  const Plan* planFor(std::string_view entry, std::int64_t tokens) const {
    const Plan* best = nullptr;
    for (const Plan& plan : model.plans)
      if (serves(plan, entry) && tokens <= plan.tokens &&
          (best == nullptr || plan.tokens * plan.batch < best->tokens * best->batch))
        best = &plan;
    return best;
  }

  // The most tokens that one call of `entry` takes; 0 where there is no such entry.
  std::int64_t largestCall(std::string_view entry) const {
    std::int64_t most = 0;
    for (const Plan& plan : model.plans)
      if (serves(plan, entry) && plan.tokens > most) most = plan.tokens;
    return most;
  }

  // Writes an argument, which keeps its value until it is written again.
  template <typename Value>
  void setInput(const Plan& plan, std::string_view name, const std::vector<Value>& values) {
    for (const Argument& input : plan.inputs) {
      if (input.name != name) continue;
      std::vector<std::byte> bytes(values.size() * sizeof(Value));
      if (bytes.size() > input.bytes) throw deviceFailure("the argument " + std::string(name) + " is too long");
      std::memcpy(bytes.data(), values.data(), bytes.size());
      write(input.place, bytes);
    }
    // A plan has no buffer for an argument that nothing reads.
  }

  void run(const Plan& plan, std::int64_t tokens) {
    plan.run(Launcher(pointers), Sizes{1, tokens, model.context});
    check(cudaGetLastError(), "launching kernels");
  }

  // The first integer of a result, after everything launched so far.
  std::int32_t readInteger(const Plan& plan, std::string_view name) {
    for (const Argument& output : plan.outputs) {
      if (output.name != name) continue;
      check(cudaDeviceSynchronize(), "running kernels");
      std::int32_t value = 0;
      check(cudaMemcpy(&value, address(output.place), sizeof value, cudaMemcpyDeviceToHost), "copying a result");
      return value;
    }
    throw deviceFailure(std::string(plan.entry) + " has no result " + std::string(name));
  }

 private:
  static bool serves(const Plan& plan, std::string_view entry) {
    const std::string_view name = plan.entry;
    return name.substr(0, entry.size()) == entry &&
           name.substr(entry.size()).find_first_not_of("0123456789") == std::string_view::npos;
  }

  std::byte* address(Place place) const { return pointers[static_cast<std::size_t>(place.buffer)] + place.offset; }

  void allocate(std::size_t bytes) {
    void* pointer = nullptr;
    // A pointer of its own, even to nothing.
    check(cudaMalloc(&pointer, bytes == 0 ? 1 : bytes), "allocating memory of the device");
    pointers.push_back(static_cast<std::byte*>(pointer));
    check(cudaMemset(pointer, 0, bytes), "clearing memory of the device");
  }

  // Errors of cudaFree would hide the failure that led here.
  void release() noexcept {
    for (std::byte* pointer : pointers) static_cast<void>(cudaFree(pointer));
    pointers.clear();
  }

  static std::vector<std::byte> constantBytes(const Constant& constant) {
    std::vector<double> values = constant.values;
    if (constant.rows > 0) {
      values.clear();
      for (std::int64_t row = 0; row < constant.rows; row++) {
        const double position = static_cast<double>(row);
        for (const double frequency : constant.values) values.push_back(std::cos(position * frequency) * constant.scale);
        for (const double frequency : constant.values) values.push_back(std::sin(position * frequency) * constant.scale);
      }
    }
    const std::size_t each = bytesOf(constant.type);
    std::vector<std::byte> bytes(values.size() * each);
    for (std::size_t i = 0; i < values.size(); i++) storeNumber(bytes.data() + i * each, constant.type, values[i]);
    return bytes;
  }

  const Model& model;
  std::vector<std::byte*> pointers;
};

}  // namespace llm
