// What a block and a warp decide together, in a block of 32 x 32 threads, and shuffles of several types and widths.
#include <cuda_fp16.h>

// For each thread twelve numbers: counts and votes over v = value of the thread, all of them small integers.
extern "C" __global__ void __launch_bounds__(1024)
    votes(const int* __restrict__ values, int* __restrict__ out) {
  const int i = threadIdx.y * blockDim.x + threadIdx.x;
  const int v = values[i];
  int* mine = out + 12 * i;
  mine[0] = __syncthreads_count(v > 2);
  mine[1] = __syncthreads_or(v > 6) != 0;
  mine[2] = __syncthreads_and(v >= 0) != 0;
  mine[3] = __popc(__ballot_sync(0xffffffffu, v == 3));
  mine[4] = __any_sync(0xffffffffu, v == 6);
  mine[5] = __all_sync(0xffffffffu, v < 7);
  mine[6] = __reduce_add_sync(0xffffffffu, v);
  mine[7] = __shfl_up_sync(0xffffffffu, v, 1, 8);
  mine[8] = static_cast<int>(__half2float(__shfl_sync(0xffffffffu, __float2half(static_cast<float>(v)), 5)));
  const float2 pair = __shfl_down_sync(0xffffffffu, make_float2(v, 10 * v), 2);
  mine[9] = static_cast<int>(pair.x + pair.y);
  mine[10] = static_cast<int>(__shfl_xor_sync(0xffffffffu, static_cast<double>(v), 31));
  // Half a warp may go its own way.
  mine[11] = threadIdx.x < 16 ? __reduce_max_sync(0x0000ffffu, v) : __shfl_sync(0xffff0000u, v, 16);
}
