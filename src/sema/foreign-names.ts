/**
 * What readers of PyTorch look for under another name: the words of the help where a name, a method or an argument is
 * unknown. Only a hint: none of these names is refused for being in here.
 */

/** Ops and functions; the text completes "write ...". */
const CALLS: Readonly<Record<string, string>> = {
  where: "`select(condition, a, b)`",
  masked_fill: "`select(mask, value, x)`",
  view: "`reshape(x, [sizes])`",
  flatten: "`reshape(x, [sizes])`",
  squeeze: "`reshape(x, [sizes])`, or index the axis: `x[..., 0]`",
  unsqueeze: "`reshape(x, [sizes])`",
  permute: "`transpose(x, [axes])`",
  swapaxes: "`transpose(x, [axes])`",
  t: "`transpose(x)`",
  cat: "`concat(a, b, axis: n)`",
  expand: "`broadcast(x, [sizes])`",
  arange: "`iota(n)`",
  chunk: "slices: `x[..., 0:n]`",
  split: "slices: `x[..., 0:n]`",
  bmm: "`a @ b`",
  mm: "`a @ b`",
  einsum: "`a @ b`, with `transpose` and `reshape`",
  scaled_dot_product_attention: "`attention(q, k, v)`",
  clamp: "`min(max(x, low), high)`",
  float: "`cast(x, f32)`",
  half: "nothing: the build chooses the type of the weights (`--storage f16`)",
  to: "`cast(x, f32)`",
  contiguous: "nothing: layouts are chosen by the compiler",
  dropout: "nothing: it is the identity where a model is run",
  zeros: "a number, which fits every shape: `0.0`",
  ones: "a number, which fits every shape: `1.0`",
  range: "`use layers: Layer[depth]` and `repeat(layers, x)`",
};

/** Things that are no calls. */
const NAMES: Readonly<Record<string, string>> = {
  self: "blocks and parameters are called by their own names, without `self.`",
  torch: "ops are called by their own names, without a module",
  nn: "blocks and ops are called by their own names, without a module",
  F: "ops are called by their own names, without a module",
  np: "ops are called by their own names, without a module",
  math: "functions are called by their own names, without a module: `sqrt(dim)`",
  None: "what is optional is left out; an axis of size 1 is made by `reshape`",
  True: "write `true`",
  False: "write `false`",
};

/** Members of a tensor that are no methods. */
const MEMBERS: Readonly<Record<string, string>> = {
  shape: "sizes have names: give them in the type, as in `x: f[B, T, dim]`, and use `T` or `dim`",
  size: "sizes have names: give them in the type, as in `x: f[B, T, dim]`, and use `T` or `dim`",
  T: "write `transpose(x)`",
  mT: "write `transpose(x)`",
  dtype: "the element type stands in the type, as in `x: f[B, T, dim]`",
  device: "where a model runs is chosen when it is loaded",
  data: "a tensor is its values",
};

/** Arguments of ops. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  dim: "axis",
  keepdim: "keep",
  keepdims: "keep",
  num_classes: "classes",
};

/** Element types and config types. */
const TYPES: Readonly<Record<string, string>> = {
  ...{ int: "i32", long: "i32", int64: "i32", i64: "i32", int32: "i32" },
  ...{ float: "f", double: "f", float32: "f32", Tensor: "f", half: "f16", float16: "f16", bfloat16: "bf16" },
};
const CONFIG_TYPES: Readonly<Record<string, string>> = { integer: "int", str: "text", string: "text", boolean: "bool" };

function help(found: string | undefined): { readonly help?: string } {
  return found === undefined ? {} : { help: found };
}

function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** For an unknown function. */
export function foreignCall(name: string): { readonly help?: string } {
  const words = own(CALLS, name);
  return help(words && `write ${words}`);
}

/** For an unknown name that is not called. */
export function foreignName(name: string): { readonly help?: string } {
  return help(own(NAMES, name));
}

/** For `x.name`; `isKnown` says whether an op is called so. */
export function foreignMember(name: string, isKnown: boolean): { readonly help?: string } {
  if (isKnown) return help(`ops are called as \`${name}(x, ...)\``);
  const words = own(CALLS, name);
  return help(own(MEMBERS, name) ?? (words && `write ${words}`));
}

/** For an unknown element type. */
export function foreignElement(name: string): { readonly help?: string } {
  const meant = own(TYPES, name);
  return help(meant && `did you mean \`${meant}\`?`);
}

/** For an unknown type of a config value. */
export function foreignConfigType(name: string): { readonly help?: string } {
  const meant = own(CONFIG_TYPES, name);
  return help(meant && `did you mean \`${meant}\`?`);
}

/** For an argument that none of `names` is: the one that means the same. */
export function foreignArgument(name: string, names: readonly string[]): { readonly help?: string } {
  const meant = own(ARGUMENTS, name);
  return meant !== undefined && names.includes(meant) ? help(`did you mean \`${meant}\`?`) : {};
}
