// The runtime API that a program's own main calls. An error of a launch stays, as on a device whose context is lost:
// every later call answers it, and cudaGetErrorString tells it in full.
//
// Environment: CUDA_SIM_ORDER (forward, backward, or a seed for a random order of blocks), CUDA_SIM_TIMEOUT (seconds of
// processor time a launch), CUDA_SIM_TRAFFIC (1: a line about every launch on stderr).
#include "../include/sim/runtime-api.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "memory.h"
#include "scheduler.h"
#include "traffic.h"

using namespace cuda_sim;

namespace {

cudaError_t lastError = cudaSuccess;
std::string lastMessage;
bool isLost = false;

cudaError_t refuse(cudaError_t error, const std::string& message) {
  if (isLost) return lastError;
  lastError = error;
  lastMessage = message;
  return error;
}

cudaError_t succeed() { return isLost ? lastError : cudaSuccess; }

void readEnvironment() {
  static bool isDone = false;
  if (isDone) return;
  isDone = true;
  installSignalHandlers();
  const char* order = getenv("CUDA_SIM_ORDER");
  const char* timeout = getenv("CUDA_SIM_TIMEOUT");
  launch.timeoutSeconds = timeout == nullptr ? 60 : atof(timeout);
  if (order == nullptr || strcmp(order, "forward") == 0) return;
  launch.order = strcmp(order, "backward") == 0 ? Order::backward : Order::random;
  launch.seed = static_cast<uint32_t>(atoi(order));
}

// The live buffer that holds the whole range; null, with the reason, where there is none.
Region* rangeOf(const void* pointer, size_t bytes, const char* function) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  Region* region = isDeviceAddress(address) ? regionAt(address) : nullptr;
  if (region != nullptr && region->isLive && address + bytes <= region->end) return region;
  refuse(cudaErrorInvalidValue, std::string(function) + ": " + std::to_string(bytes) + " bytes at " +
                                    describe(address + bytes - 1) + " are not one live buffer");
  return nullptr;
}

cudaMemcpyKind guess(const void* to, const void* from) {
  const bool toDevice = isDeviceAddress(reinterpret_cast<uintptr_t>(to));
  const bool fromDevice = isDeviceAddress(reinterpret_cast<uintptr_t>(from));
  if (toDevice) return fromDevice ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
  return fromDevice ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

void printTraffic() {
  if (getenv("CUDA_SIM_TRAFFIC") == nullptr) return;
  fprintf(stderr, "cuda-sim: %s: read %.0f bytes in %.0f sectors (at least %.0f), wrote %.0f in %.0f (at least %.0f); ",
          launch.kernel->name, traffic.readBytes, traffic.readSectors, traffic.leastReadSectors, traffic.writtenBytes,
          traffic.writtenSectors, traffic.leastWrittenSectors);
  fprintf(stderr, "%.0f shared requests, %.0f ways in all, %.0f at worst\n", traffic.sharedRequests, traffic.bankWays,
          traffic.worstBankWays);
}

}  // namespace

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  static int made = 0;
  try {
    Region& region = allocate(bytes, "cudaMalloc number " + std::to_string(++made));
    *pointer = reinterpret_cast<void*>(region.begin);
    return succeed();
  } catch (const std::bad_alloc&) {
    return refuse(cudaErrorMemoryAllocation, "cudaMalloc: no room for " + std::to_string(bytes) + " bytes");
  }
}

cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return succeed();
  const uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  Region* region = isDeviceAddress(address) ? regionAt(address) : nullptr;
  if (region == nullptr || region->begin != address || !region->isLive)
    return refuse(cudaErrorInvalidValue, "cudaFree: not the start of a live buffer");
  region->isLive = false;
  return succeed();
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return succeed();
  const cudaMemcpyKind actual = guess(to, from);
  if (kind != cudaMemcpyDefault && kind != actual)
    return refuse(cudaErrorInvalidValue, "cudaMemcpy: the direction is not that of the two addresses");
  const bool toDevice = actual == cudaMemcpyHostToDevice || actual == cudaMemcpyDeviceToDevice;
  const bool fromDevice = actual == cudaMemcpyDeviceToHost || actual == cudaMemcpyDeviceToDevice;
  const Region* target = toDevice ? rangeOf(to, bytes, "cudaMemcpy") : nullptr;
  const Region* source = fromDevice ? rangeOf(from, bytes, "cudaMemcpy") : nullptr;
  if ((toDevice && target == nullptr) || (fromDevice && source == nullptr)) return lastError;
  memmove(to, from, bytes);
  if (target != nullptr && source != nullptr)
    memmove(target->filled + (reinterpret_cast<uintptr_t>(to) - target->begin),
            source->filled + (reinterpret_cast<uintptr_t>(from) - source->begin), bytes);
  else if (target != nullptr)
    setFilled(*target, reinterpret_cast<uintptr_t>(to), bytes, true);
  return succeed();
}

cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  if (bytes == 0) return succeed();
  const Region* region = rangeOf(pointer, bytes, "cudaMemset");
  if (region == nullptr) return lastError;
  memset(pointer, value, bytes);
  setFilled(*region, reinterpret_cast<uintptr_t>(pointer), bytes, true);
  return succeed();
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  return cudaMemcpy(to, from, bytes, kind);
}
cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t) {
  return cudaMemset(pointer, value, bytes);
}

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, size_t sharedBytes,
                             cudaStream_t) {
  readEnvironment();
  if (isLost) return lastError;
  const Kernel* kernel = findKernel(function);
  if (kernel == nullptr) return refuse(cudaErrorInvalidDeviceFunction, "cudaLaunchKernel: not a kernel of the program");
  if (runLaunch(*kernel, grid, block, arguments, sharedBytes)) {
    printTraffic();
    return cudaSuccess;
  }
  const bool isRefused = launch.failure.kind == "launch";
  refuse(isRefused ? cudaErrorInvalidConfiguration : cudaErrorLaunchFailure, launch.failure.text());
  isLost = isLost || !isRefused;
  fprintf(stderr, "cuda-sim: %s: %s\n", launch.failure.kind.c_str(), lastMessage.c_str());
  return lastError;
}

cudaError_t cudaDeviceSynchronize() { return succeed(); }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return succeed(); }
cudaError_t cudaPeekAtLastError() { return lastError; }
cudaError_t cudaGetLastError() {
  const cudaError_t error = lastError;
  if (!isLost) lastError = cudaSuccess;
  return error;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDeviceFunction: return "cudaErrorInvalidDeviceFunction";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
  }
  return "unknown error";
}
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess || lastMessage.empty() ? cudaGetErrorName(error) : lastMessage.c_str();
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return succeed();
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return succeed();
}
cudaError_t cudaSetDevice(int device) {
  return device == 0 ? succeed() : refuse(cudaErrorInvalidDevice, "there is one device, number 0");
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return cudaSetDevice(device);
  *properties = {};
  strcpy(properties->name, "cuda-sim");
  properties->totalGlobalMem = size_t{1} << 34;
  properties->sharedMemPerBlock = 48 * 1024;
  properties->regsPerBlock = 65536;
  properties->warpSize = lanes;
  properties->maxThreadsPerBlock = maxThreads;
  const int blockLimits[] = {1024, 1024, 64}, gridLimits[] = {2147483647, 65535, 65535};
  memcpy(properties->maxThreadsDim, blockLimits, sizeof blockLimits);
  memcpy(properties->maxGridSize, gridLimits, sizeof gridLimits);
  properties->major = 8;
  properties->multiProcessorCount = 1;
  return succeed();
}
}
