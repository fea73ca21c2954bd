// The kernels that the wrappers of the compiled texts have registered before main starts.
#include <cstring>

#include "kernels.h"

namespace cuda_sim {

const Kernel* firstKernel = nullptr;

const Kernel* findKernel(const void* function) {
  const Kernel* kernel = firstKernel;
  while (kernel != nullptr && kernel->function != function) kernel = kernel->next;
  return kernel;
}

const Kernel* findKernel(const char* name) {
  const Kernel* kernel = firstKernel;
  while (kernel != nullptr && strcmp(kernel->name, name) != 0) kernel = kernel->next;
  return kernel;
}

}  // namespace cuda_sim
