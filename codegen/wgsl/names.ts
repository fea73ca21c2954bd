/** Words that no value may be called in WGSL: keywords, reserved words and functions that the emitter calls. */
export const RESERVED: readonly string[] = (
  "alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let " +
  "loop override requires return struct switch true var while bool f16 f32 i32 u32 array atomic ptr sampler vec2 vec3 " +
  "vec4 select min max abs floor exp log sin cos tanh sqrt inverseSqrt pow dot fma bitcast unpack2x16float " +
  "workgroupBarrier storageBarrier workgroupUniformLoad subgroupAdd subgroupMax subgroupMin main call launch local_id workgroup_id " +
  "num_workgroups subgroup_width subgroup_index CallScalars LaunchScalars abstract active as async attribute auto await " +
  "become cast catch class common do export extern external final finally from get goto highp impl implements import " +
  "inline instanceof interface layout lowp macro match meta mod module move mut namespace new nil noexcept null of " +
  "operator package partition pass patch precise precision premerge private protected pub public ref regardless " +
  "register resource restrict self set shared signed sizeof smooth static std subroutine super target template this " +
  "throw trait try type typedef union unless unsigned using varying virtual volatile where with writeonly yield"
).split(" ");
