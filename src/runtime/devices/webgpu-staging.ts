/** Buffers for reading back, used again and again: a few bytes a token, several of them in flight. */
export class Staging {
  private readonly free: GPUBuffer[] = [];
  private readonly all: GPUBuffer[] = [];

  /** Makes `count` small ones at once, so that a decode loop makes none. */
  constructor(
    private readonly device: GPUDevice,
    count = 6,
  ) {
    for (let i = 0; i < count; i++) this.free.push(this.make(256));
  }

  private make(size: number): GPUBuffer {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ label: "read back", size, usage });
    this.all.push(buffer);
    return buffer;
  }

  /** One of at least `bytes`; give it to `read` next. */
  take(bytes: number): GPUBuffer {
    const index = this.free.findIndex((buffer) => buffer.size >= bytes);
    return index < 0 ? this.make(Math.ceil(bytes / 256) * 256) : (this.free.splice(index, 1)[0] ?? this.make(bytes));
  }

  /** Waits for the work that fills `buffer`, copies its first `bytes` and takes it back. */
  async read(buffer: GPUBuffer, bytes: number): Promise<Uint8Array> {
    await buffer.mapAsync(GPUMapMode.READ);
    const copy = new Uint8Array(buffer.getMappedRange(0, Math.ceil(bytes / 4) * 4).slice(0)).subarray(0, bytes);
    buffer.unmap();
    this.free.push(buffer);
    return copy;
  }

  close(): void {
    for (const buffer of this.all) buffer.destroy();
  }
}
