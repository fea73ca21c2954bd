/**
 * What nothing may be called in emitted WGSL: keywords and reserved words (WGSL section 16), identifiers that no
 * declaration may have (section 3.7), and what the emitted text itself says, which a declaration would hide.
 */

/** Whether no buffer, scalar or value may have this name. */
export function isReserved(name: string): boolean {
  return name.startsWith("_") || RESERVED.has(name);
}

const KEYWORDS =
  "alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let " +
  "loop override requires return struct switch true var while";

/** Reserved by this version of the language, and by drafts that engines in use were written for. */
const RESERVED_WORDS =
  "NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become binding_array cast " +
  "catch class co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast " +
  "consteval constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit " +
  "export extends extern external fallthrough filter final finally friend from fxgroup get goto groupshared handle " +
  "highp impl implements import inline instanceof interface invariant layout lowp macro macro_rules match mediump meta " +
  "mod module move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent " +
  "noperspective null nullptr of operator package packoffset partition pass patch pixelfragment precise precision " +
  "premerge priv protected pub public readonly ref regardless register reinterpret_cast require resource restrict " +
  "self set shared signed sizeof smooth snorm static static_assert static_cast std subroutine super target template " +
  "this thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized unsigned " +
  "use using varying virtual volatile wgsl where with writeonly yield bf16 f64 i8 i16 i64 u8 u16 u64 mat vec";

/** Types, address spaces, access modes and functions that emitted text names. */
const CALLED =
  "bool f16 f32 i32 u32 array atomic ptr sampler vec2 vec3 vec4 function private workgroup uniform storage read write " +
  "read_write select min max abs floor exp log sin cos tanh sqrt inverseSqrt pow dot fma bitcast unpack2x16float " +
  "workgroupBarrier storageBarrier workgroupUniformLoad subgroupAdd subgroupMax subgroupMin";

/** Declarations of the emitter's own. */
const OWN =
  "main call launch local_id workgroup_id num_workgroups subgroup_width subgroup_index CallScalars LaunchScalars";

const RESERVED: ReadonlySet<string> = new Set([KEYWORDS, RESERVED_WORDS, CALLED, OWN].join(" ").split(" "));
