// How a compiled text makes its kernels known: the wrapper that the compiler is given includes the text and then has one
// CUDA_SIM_KERNEL(name, launch bound) a kernel, whose parameter types are taken from the function's own type.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace cuda_sim {

struct Parameter {
  // "pointer", "const pointer", "f32", "i32", "u32", or "other"
  const char* kind;
  size_t bytes;
};

struct Kernel {
  const char* name;
  // Threads a block that __launch_bounds__ allows; 0 where the text has none.
  int maxThreads;
  const void* function;
  void (*call)(const void* function, void** arguments);
  int parameterCount;
  const Parameter* parameters;
  const Kernel* next;
};

extern const Kernel* firstKernel;
const Kernel* findKernel(const void* function);
const Kernel* findKernel(const char* name);

template <typename T>
constexpr const char* kindOf() {
  if constexpr (std::is_pointer_v<T>) return std::is_const_v<std::remove_pointer_t<T>> ? "const pointer" : "pointer";
  if constexpr (std::is_same_v<T, float>) return "f32";
  if constexpr (std::is_integral_v<T> && sizeof(T) == 4) return std::is_signed_v<T> ? "i32" : "u32";
  return "other";
}

template <size_t... indices, typename... Ts>
__attribute__((no_sanitize_thread)) void callWith(std::index_sequence<indices...>, void (*function)(Ts...),
                                                  [[maybe_unused]] void** arguments) {
  function(*static_cast<std::remove_reference_t<Ts>*>(arguments[indices])...);
}

template <typename... Ts>
struct Signature {
  static constexpr Parameter parameters[sizeof...(Ts) + 1] = {{kindOf<Ts>(), sizeof(Ts)}..., {"", 0}};
  __attribute__((no_sanitize_thread)) static void call(const void* function, void** arguments) {
    callWith(std::index_sequence_for<Ts...>{}, reinterpret_cast<void (*)(Ts...)>(const_cast<void*>(function)),
             arguments);
  }
};

struct Registration : Kernel {
  template <typename... Ts>
  __attribute__((no_sanitize_thread)) Registration(const char* itsName, int itsMaxThreads, void (*itsFunction)(Ts...))
      : Kernel{itsName,
               itsMaxThreads,
               reinterpret_cast<const void*>(itsFunction),
               &Signature<Ts...>::call,
               static_cast<int>(sizeof...(Ts)),
               Signature<Ts...>::parameters,
               firstKernel} {
    firstKernel = this;
  }
};

}  // namespace cuda_sim

#define CUDA_SIM_KERNEL(name, maxThreads) \
  static const cuda_sim::Registration cuda_sim_registration_##name(#name, maxThreads, name);
