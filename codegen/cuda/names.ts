/** Words that no value may be called in CUDA C++: keywords, and what emitted kernels call. */
export const RESERVED: readonly string[] = (
  "alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const constexpr const_cast " +
  "continue decltype default delete do double dynamic_cast else enum explicit export extern false float for friend goto " +
  "if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public " +
  "register reinterpret_cast return short signed sizeof static static_assert static_cast struct switch template this " +
  "thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor " +
  "xor_eq float2 float4 int2 int4 uint2 uint4 bool2 bool4 half2 half4 bfloat2 bfloat4 threadIdx blockIdx blockDim " +
  "gridDim warpSize min max abs fabsf floorf expf logf sinf cosf tanhf erff sqrtf rsqrtf fmodf powf smaller larger fmaf " +
  "dot select splat2 splat4 make_float2 make_float4 make_int2 make_int4 make_uint2 make_uint4 to_float2 to_float4 " +
  "to_int2 to_int4 to_uint2 to_uint4 to_half2 to_half4 to_bfloat2 to_bfloat4 as_float2 as_float4 as_int2 as_int4 " +
  "as_uint2 as_uint4 warp_sum warp_max warp_min uniform_load lane_of_warp unpack2x16float exp log sin cos tanh erf sqrt " +
  "floor pow round round_f16 round_bf16 main"
).split(" ");

/** What a kernel's function is called: functions of C's library are in the same scope. */
export function kernelName(name: string): string {
  return RESERVED.includes(name) || LIBRARY.includes(name) ? `${name}_kernel` : name;
}

const LIBRARY: readonly string[] =
  "ceil fmax fmin fma gamma index j0 j1 jn lgamma memcpy memset modf rand remove rename signal time trunc y0 y1 yn".split(
    " ",
  );
