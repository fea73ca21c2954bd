// A driver with its own main over the kernels of softmax.cu: one correct run, and three mistakes that must be told.
#include <cstdio>
#include <cstring>
#include <vector>

#include "softmax.cu"

static const char* failure(cudaError_t error) { return error == cudaSuccess ? "no error" : cudaGetErrorString(error); }

int main(int, char** argv) {
  cudaDeviceProp device;
  cudaGetDeviceProperties(&device, 0);
  int R = 3, C = 50;
  // "small": one row of statistics is missing.
  const int rows = strcmp(argv[1], "small") == 0 ? R - 1 : R;
  std::vector<float> x(R * C, 1.0f);
  float *on_device, *out;
  float2* stats;
  cudaMalloc(&on_device, x.size() * sizeof(float));
  cudaMalloc(&out, x.size() * sizeof(float));
  cudaMalloc(&stats, rows * sizeof(float2));
  cudaMemcpy(on_device, x.data(), x.size() * sizeof(float), cudaMemcpyHostToDevice);
  void* first[] = {&on_device, &stats, &C};
  void* second[] = {&on_device, &stats, &out, &R, &C};
  const void* kernels[] = {reinterpret_cast<const void*>(row_stats), reinterpret_cast<const void*>(row_scale)};
  cudaLaunchKernel(kernels[0], dim3(rows), dim3(32), first, 0, nullptr);
  cudaLaunchKernel(kernels[1], dim3((R * C + 63) / 64), dim3(64), second, 0, nullptr);
  if (cudaDeviceSynchronize() != cudaSuccess) {
    printf("unspecified: %s\n", failure(cudaGetLastError()));
    return 0;
  }
  if (strcmp(argv[1], "freed") == 0) {
    cudaFree(stats);
    cudaMemcpy(x.data(), stats, 16, cudaMemcpyDeviceToHost);
    printf("%s\n", failure(cudaGetLastError()));
    return 0;
  }
  // "host": memory of the device is none of the host's.
  if (strcmp(argv[1], "host") == 0) return static_cast<int>(out[0]);
  cudaMemcpy(x.data(), out, x.size() * sizeof(float), cudaMemcpyDeviceToHost);
  float sum = 0;
  for (int i = 0; i < C; i++) sum += x[i];
  printf("%s sum %.4g\n%s\n", device.name, sum, failure(cudaGetLastError()));
  return 0;
}
