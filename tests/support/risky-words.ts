/**
 * Names that some language of our targets keeps for itself, written down from the specifications and headers and not from
 * the emitters' lists: somebody may call a parameter, a value or a layer so.
 */
const WGSL =
  "NULL Self abstract active alias alignas alignof array as asm asm_fragment async atomic attribute auto await become " +
  "binding_array bitcast bool break case cast catch class co_await co_return co_yield coherent column_major common " +
  "compile compile_fragment concept const const_assert const_cast consteval constexpr constinit continue continuing " +
  "crate debugger decltype default delete demote demote_to_helper diagnostic discard do dynamic_cast else enable enum " +
  "explicit export extends extern external f16 f32 fallthrough false filter final finally fn for friend from fxgroup " +
  "get goto groupshared highp i32 if impl implements import inline instanceof interface layout let loop lowp macro " +
  "macro_rules mat2x2 match mediump meta mod module move mut mutable namespace new nil noexcept noinline " +
  "nointerpolation non_coherent noncoherent noperspective null nullptr of operator override package packoffset " +
  "partition pass patch pixelfragment precise precision premerge priv protected ptr pub public readonly ref regardless " +
  "register reinterpret_cast require requires resource restrict return sampler self set shared sizeof smooth snorm " +
  "static static_assert static_cast std struct subroutine super switch target template this thread_local throw trait " +
  "true try type typedef typeid typename typeof u32 union unless unorm unsafe unsized use using var varying vec2 vec2f " +
  "vec3 vec4 vec4f virtual volatile wgsl where while with writeonly yield";

/** What the text of a WGSL module says beside declarations. */
const WGSL_NAMES =
  "abs acos all any binding builtin ceil clamp compute cross distance dot exp exp2 floor fma fract function group handle " +
  "length local_invocation_id local_invocation_index log max min mix normalize num_workgroups pow private " +
  "read read_write round select sign sqrt step storage storageBarrier subgroupAdd subgroup_size tanh " +
  "uniform unpack2x16float vertex workgroup workgroupBarrier workgroup_id workgroup_size write main call launch";

const CPP =
  "alignas and and_eq bitand bitor char char8_t char16_t char32_t compl double float int long not not_eq or or_eq " +
  "private short signed unsigned void wchar_t xor xor_eq final size_t int8_t uint8_t uint ushort half bfloat16 float4 " +
  "float16_t dim3 cudaError_t div_t";

const MACROS =
  "NULL INFINITY NAN EOF BUFSIZ CHAR_BIT CLOCKS_PER_SEC DBL_MAX FLT_MAX FLT_EPSILON FP_NAN HUGE_VAL INT_MAX M_PI M_PI_2 " +
  "RAND_MAX SEEK_SET UINT_MAX assert errno environ isnan isinf signbit linux unix i386 near far small interface " +
  "major minor complex offsetof stdin stdout stderr";

/** Functions of C's library and of CUDA's headers, which a function with C linkage must not be called. */
const FUNCTIONS =
  "abort abs acos atoi atomicAdd bsearch calloc ceil clock clock_gettime cos div erf exit exp fabs fma fmax fprintf free " +
  "gamma getc_unlocked getenv gmtime_r hypot index isalpha j0 jn labs ldexp lgamma log make_float3 malloc memcpy memset " +
  "min modf norm norm3d normcdf nan pow printf puts qsort quick_exit rand rand_r read realloc remainder rename rint round " +
  "rsqrt saturate sin sincos signal sleep sqrt srand strlen system tan tex2D time trunc write y0 yn " +
  "at_quick_exit aligned_alloc round_f16 warp_sum to_float4";

const CUDA =
  "threadIdx blockIdx blockDim gridDim warpSize __shared__ __global__ __device__ __restrict__ __half __half2float " +
  "__syncthreads __launch_bounds__ __asm __align__ __int128 __LINE__ __FILE__ __CUDA_ARCH__ __x _x _X _Bool _Complex _ " +
  "__ ___ __x_";

export const RISKY_WORDS: readonly string[] = [
  ...new Set([WGSL, WGSL_NAMES, CPP, MACROS, FUNCTIONS, CUDA].join(" ").split(" ")),
];

const ROLES = { buffer: "x", scalar: "n", local: "tile", value: "grown" } as const;

/** The text of a kernel that calls functions of the language, with `word` in one of its roles. */
export function kernelWith(word: string, role: keyof typeof ROLES, kernel: string): string {
  const names: Readonly<Record<keyof typeof ROLES, string>> = { ...ROLES, [role]: word };
  const { buffer, scalar, local, value } = names;
  return `kernel @${kernel}(%${buffer}: read f16[8], %out: read_write f32[8]) scalars(%${scalar}: launch i32) locals(%${local}: workgroup f32[8]) workgroup(8, 1, 1) grid(1, 1, 1) {
  %lane = builtin local_x : i32
  %given = load %${buffer}[%lane] : f32
  %${value} = exp %given : f32
  %larger = max %${value}, %given : f32
  %root = sqrt %${value} : f32
  %both = fma %larger, %root, %${value} : f32
  store %${local}[%lane], %both
  barrier
  %turned = sub %${scalar}, %lane : i32
  %swapped = load %${local}[%turned] : f32
  store %out[%lane], %swapped
}
`;
}

/** A kernel for each role. */
export const ROLE_NAMES = Object.keys(ROLES) as readonly (keyof typeof ROLES)[];
