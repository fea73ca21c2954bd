// out[M, N] = a[M, K] @ b[K, N], tiles of 32 x 32 in shared memory, 64 threads, 4 x 4 numbers a thread.
//
// M may have a tail; K and N are multiples of 32.
#define TILE 32

extern "C" __global__ void __launch_bounds__(64)
    matmul(const float4* __restrict__ a, const float4* __restrict__ b, float* __restrict__ out, int M, int K, int N) {
  __shared__ float tile_a[TILE][TILE + 1];
  __shared__ float4 tile_b[TILE][TILE / 4];
  const int tx = threadIdx.x % 8, ty = threadIdx.x / 8;
  const int row0 = blockIdx.y * TILE, column0 = blockIdx.x * TILE;
  float sum[4][4] = {};
  for (int k0 = 0; k0 < K; k0 += TILE) {
    for (int part = 0; part < 4; part++) {
      const int row = ty + 8 * part;
      float4 va = make_float4(0, 0, 0, 0);
      if (row0 + row < M) {
        va = a[((row0 + row) * K + k0) / 4 + tx];
      }
      tile_a[row][tx * 4] = va.x;
      tile_a[row][tx * 4 + 1] = va.y;
      tile_a[row][tx * 4 + 2] = va.z;
      tile_a[row][tx * 4 + 3] = va.w;
      tile_b[row][tx] = b[((k0 + row) * N + column0) / 4 + tx];
    }
    __syncthreads();  // the tiles are full
    for (int k = 0; k < TILE; k++) {
      const float4 vb = tile_b[k][tx];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const float va = tile_a[ty * 4 + i][k];
        sum[i][0] = fmaf(va, vb.x, sum[i][0]);
        sum[i][1] = fmaf(va, vb.y, sum[i][1]);
        sum[i][2] = fmaf(va, vb.z, sum[i][2]);
        sum[i][3] = fmaf(va, vb.w, sum[i][3]);
      }
    }
    __syncthreads();  // the tiles may be overwritten
  }
  for (int i = 0; i < 4; i++) {
    const int row = row0 + ty * 4 + i;
    if (row < M) {
      for (int j = 0; j < 4; j++) {
        out[row * N + column0 + tx * 4 + j] = sum[i][j];
      }
    }
  }
}
