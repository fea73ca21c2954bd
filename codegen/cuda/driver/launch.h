// How plan.cu launches a kernel: places in buffers become pointers, sizes become the scalars of the call, and the
// compiler checks that there are as many as the kernel has parameters.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

#include "failure.h"

namespace llm {

// The sizes of one call: rows, tokens a row, positions of the caches.
struct Sizes {
  std::int64_t B;
  std::int64_t T;
  std::int64_t S;
};

// A place in a buffer, `offset` bytes from its start. plan.cu has a name for each buffer, an enumerator.
struct Place {
  int buffer;
  std::size_t offset = 0;
};

constexpr Place at(int buffer, std::size_t offset) { return {buffer, offset}; }

// Blocks or threads along each axis.
struct Extent {
  std::int64_t x = 1;
  std::int64_t y = 1;
  std::int64_t z = 1;
};

// size / per, rounded up.
constexpr std::int64_t blocks(std::int64_t size, std::int64_t per) { return (size + per - 1) / per; }

// The blocks of a part of a grid along one axis: `count` of `all` from `first` on, or as many as there are.
constexpr std::int64_t part(std::int64_t all, std::int64_t first, std::int64_t count) {
  return std::min(count, std::max<std::int64_t>(0, all - first));
}

class Launcher {
 public:
  explicit Launcher(const std::vector<std::byte*>& buffers) : buffers(buffers) {}

  // Launches `kernel` behind everything launched before it. A grid without blocks is no launch.
  template <typename... Parameters, typename... Arguments>
  void launch(void (*kernel)(Parameters...), Extent grid, Extent block, Arguments... arguments) const {
    static_assert(sizeof...(Parameters) == sizeof...(Arguments), "a kernel takes one argument a parameter");
    if (grid.x * grid.y * grid.z == 0) return;
    std::tuple<Parameters...> values{argument<Parameters>(arguments)...};
    auto pointers = std::apply(
        [](auto&... value) { return std::array<void*, sizeof...(value)>{const_cast<void*>(address(value))...}; },
        values);
    check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dimensions(grid), dimensions(block), pointers.data(),
                           0, nullptr),
          "launching a kernel");
  }

 private:
  template <typename Value>
  static const void* address(const Value& value) {
    return &value;
  }

  template <typename Parameter, typename Given>
  Parameter argument(Given given) const {
    if constexpr (std::is_enum_v<Given>) {
      return argument<Parameter>(at(given, 0));
    } else if constexpr (std::is_same_v<Given, Place>) {
      static_assert(std::is_pointer_v<Parameter>, "a buffer is given for a pointer");
      return reinterpret_cast<Parameter>(buffers[static_cast<std::size_t>(given.buffer)] + given.offset);
    } else {
      static_assert(!std::is_pointer_v<Parameter>, "a number is given for a scalar");
      return static_cast<Parameter>(given);
    }
  }

  static dim3 dimensions(Extent extent) {
    return dim3(static_cast<unsigned>(extent.x), static_cast<unsigned>(extent.y), static_cast<unsigned>(extent.z));
  }

  const std::vector<std::byte*>& buffers;
};

}  // namespace llm
