/**
 * What nothing may be called in emitted CUDA C++: keywords (C++20 section 5.11), names that the implementation keeps for
 * its macros and intrinsics (section 5.10), macros of the C library, and what emitted kernels call.
 */

/**
 * Whether no buffer, scalar or value may have this name. Names in capitals are those of macros, of any header and
 * platform, which hide a name in every scope.
 */
export function isReserved(name: string): boolean {
  return name.startsWith("_") || /^[A-Z][A-Z0-9_]+$/.test(name) || RESERVED.has(name);
}

const KEYWORDS =
  "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class co_await " +
  "co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do " +
  "double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable " +
  "namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast " +
  "requires return short signed sizeof static static_assert static_cast struct switch template this thread_local throw " +
  "true try typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq";

/** Macros in small letters: of the C library, of compilers that keep old names of their platform, of Windows' headers. */
const MACROS =
  "assert complex errno environ far i386 imaginary interface linux major makedev math_errhandling minor near noreturn " +
  "offsetof restrict signbit small stderr stdin stdout unix va_arg va_copy va_end va_start fpclassify isfinite isinf " +
  "isnan isnormal isgreater isgreaterequal isless islessequal islessgreater isunordered setjmp";

const CALLED =
  "float2 float4 int2 int4 uint2 uint4 bool2 bool4 half2 half4 bfloat2 bfloat4 threadIdx blockIdx blockDim gridDim " +
  "warpSize min max abs fabsf floorf expf logf sinf cosf tanhf erff sqrtf rsqrtf fmodf fminf fmaxf powf smaller larger " +
  "fmaf dot select splat2 splat4 make_float2 make_float4 make_int2 make_int4 make_uint2 make_uint4 to_float2 to_float4 " +
  "to_int2 to_int4 to_uint2 to_uint4 to_half2 to_half4 to_bfloat2 to_bfloat4 as_float2 as_float4 as_int2 as_int4 " +
  "as_uint2 as_uint4 warp_sum warp_max warp_min uniform_load lane_of_warp unpack2x16float exp log sin cos tanh erf sqrt " +
  "floor pow round round_f16 round_bf16 main";

const RESERVED: ReadonlySet<string> = new Set([KEYWORDS, MACROS, CALLED].join(" ").split(" "));

/**
 * What a kernel's function is called. It has C linkage, so it may be called like no function or type of C's library or
 * of CUDA's headers: names of one word, and the few shapes of longer ones that these have, get a suffix. Different
 * kernels have different functions.
 */
export function kernelName(name: string): string {
  const plain = /^_|^kernel_/.test(name) ? `kernel_${name}` : name;
  const isOrdinary = plain.includes("_") && !isReserved(plain) && !LIBRARY.test(plain);
  return isOrdinary && !plain.endsWith("_kernel") ? plain : `${plain}_kernel`;
}

/** `size_t`, `gmtime_r`, `getc_unlocked`, `clock_gettime`, `make_float3`. */
const LIBRARY =
  /_(t|r|l|s|unlocked)$|^(aligned|at|clock|make|mem|mq|open|posix|pthread|quick|sched|sem|to|as|timer|timespec|warp)_/;
