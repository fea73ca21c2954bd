/**
 * Facts about a device, as data: what the passes and schedules may ask. A named `TargetInfo` is a profile
 * (`src/profiles`); a build is a pure function of (program, profile). Nothing here names a target language.
 */

export interface Limits {
  /** Bytes of one storage binding, and of one buffer. */
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  /** Bytes of all buffers of a program together; absent where no device says a number. */
  readonly maxMemoryBytes?: number;
  readonly maxStorageBuffers: number;
  readonly maxWorkgroupsPerDimension: number;
  readonly maxInvocationsPerWorkgroup: number;
  readonly maxWorkgroupMemoryBytes: number;
  /** Alignment in bytes of a binding's offset. */
  readonly bindingOffsetAlignment: number;
}

/** Tile sizes and lane counts of the schedules: data, so that a tuner can search them. */
export interface Tiles {
  /** Invocations of a workgroup for elementwise kernels. */
  readonly elementwise: number;
  /** Transpositions go through workgroup memory in squares of tile x tile elements, which tile x lines invocations read and
   * write; lines divides tile. Absent: they are elementwise kernels. */
  readonly transpose?: { readonly tile: number; readonly lines: number };
  /** Invocations that share one row of a reduction. */
  readonly rowLanes: number;
  /** Product of many rows: rows and columns of one invocation's tile, invocations along rows and columns. */
  readonly matmul: {
    readonly rows: number;
    readonly columns: number;
    readonly workgroupRows: number;
    readonly workgroupColumns: number;
    /** Operands go through workgroup memory, so many terms at a time: a multiple of four, as the tile's rows and columns
     * are then. Absent: each invocation reads its own. The wishes below are for the latter. */
    readonly workgroupTerms?: number;
    /** With `workgroupTerms`: tiles are halved where a product would have fewer workgroups. Absent: 0. */
    readonly fewestWorkgroups?: number;
    /** Where columns lie side by side: terms of one step. With 4 (where absent) the left operand is read in vectors. */
    readonly outerTerms?: 1 | 4;
    /** Where terms lie side by side: columns of the tile, single ones a workgroup apart; absent: neighbours by fours. */
    readonly dotColumns?: number;
    /** Where terms lie side by side: another tile, its columns neighbours by fours. */
    readonly dotTile?: { readonly rows: number; readonly columns: number };
  };
  /** Weights of products are stored in tiles of so many columns and terms, which follow one another in the order in which
   * a product reads them: the terms of a column side by side, or with `columnsLast` the columns of a term. Absent: as in
   * the checkpoint. */
  readonly weight?: { readonly columns: number; readonly terms: number; readonly columnsLast?: boolean };
  /** Matrix times few rows: invocations that split K, output columns of one workgroup. */
  readonly matvec: { readonly lanes: number; readonly columns: number };
  /** Attention: invocations of a workgroup, keys of one step. */
  readonly attention: { readonly lanes: number; readonly keys: number };
  /** At most so many queries (all rows and heads together) of at least so many keys see them in chunks of so many;
   * absent: never. */
  readonly keySplit?: { readonly mostQueries: number; readonly least: number; readonly keys: number };
  /** At most so many rows of at least so many columns are reduced in chunks of at most so many columns; absent: never. */
  readonly rowSplit?: { readonly mostRows: number; readonly least: number; readonly columns: number };
}

/** What a device does in a second even where it is slow, for predictions of how long something takes at most. */
export interface Rates {
  readonly bytesPerSecond: number;
  /** Scalar operations of the kernel IR, loads and stores among them; an `fma` is two. */
  readonly operationsPerSecond: number;
  /** The same of one workgroup, however idle the rest of the device is. */
  readonly workgroupOperationsPerSecond: number;
  /** Seconds that a launch costs by itself. */
  readonly launchSeconds: number;
  /** Seconds that one submit may take. */
  readonly mostSeconds: number;
}

export interface TargetInfo {
  /** The profile's name, e.g. `webgpu-cpu`. */
  readonly name: string;
  /** The target that emits it: `webgpu`, `cpu`, `js`. */
  readonly target: string;
  readonly doc: string;
  readonly limits: Limits;
  readonly tiles: Tiles;
  /** A launch costs about as long as moving this many bytes. */
  readonly launchBytes: number;
  /** Absent where nobody waits for the device while it runs a submit. */
  readonly rates?: Rates;
  /** Storage types that need no decoding: loads of the others are legalized. */
  readonly storage: readonly string[];
  readonly hasSubgroups: boolean;
  /** Invocations of a subgroup, where all of them must be there: smaller workgroups do without. */
  readonly wholeSubgroups?: number;
  readonly hasWorkgroupMemory: boolean;
  readonly hasF16: boolean;
  /** Scalar functions whose built-in is good enough for the derived tolerance; `legalize` writes out the others. */
  readonly accurate: readonly string[];
  /** Loops of more iterations are written so that the device's compiler does not unroll them; absent: it decides. */
  readonly mostUnrolled?: number;
  /** Where the terms of a product lie side by side, it is summed in vectors of four partial sums, which are added up at
   * the end: for targets where adding up a vector's lanes takes several instructions. */
  readonly sumsInVectors?: boolean;
  /** Weights in f16 are refused at load where they hold infinities or NaN, so that kernels need not expect them: for
   * targets that decode f16 in several instructions. */
  readonly hasFiniteHalves?: boolean;
  /** `fma` of vectors is one operation, which may or may not round the product: an engine has the one or the other. A
   * kernel that uses it requires `relaxed-simd`. */
  readonly hasRelaxedFma?: boolean;
  /** Infinities are numbers as IEEE 754 has them, in literals and as results; else the largest finite number stands
   * for them. */
  readonly hasInfinity: boolean;
  /** What the device must offer for this profile to be chosen at load. */
  readonly requires: { readonly features: readonly string[]; readonly limits: Partial<Limits> };
}
