// What ends the program: one exception with the exit code, the stable word for scripts and the message for people.
#pragma once

#include <cuda_runtime.h>

#include <exception>
#include <string>
#include <utility>

namespace llm {

class Failure : public std::exception {
 public:
  Failure(int exitCode, const char* code, std::string message)
      : exitCode(exitCode), code(code), message(std::move(message)) {}

  const char* what() const noexcept override { return message.c_str(); }

  int exitCode;
  const char* code;
  std::string message;
};

// A wrong option or a call that the model cannot serve: 2.
inline Failure usageFailure(const std::string& message) { return {2, "usage", message}; }
// No device, no memory, a refused launch: 4.
inline Failure deviceFailure(const std::string& message) { return {4, "device", message}; }
// A file is missing or cannot be read; not well-formed; or does not fit the model: 5.
inline Failure fileFailure(const std::string& message) { return {5, "file", message}; }
inline Failure safetensorsFailure(const std::string& message) { return {5, "safetensors", message}; }
inline Failure weightsFailure(const std::string& message) { return {5, "weights", message}; }

// Throws where a call of the CUDA runtime failed; `doing` is what it was for.
inline void check(cudaError_t result, const char* doing) {
  if (result == cudaSuccess) return;
  const std::string problem = cudaGetErrorString(result);
  if (result == cudaErrorMemoryAllocation) throw Failure(4, "memory", std::string(doing) + ": " + problem);
  throw deviceFailure(std::string(doing) + ": " + problem);
}

}  // namespace llm
