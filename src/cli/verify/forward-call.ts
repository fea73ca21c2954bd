/** The recorded inputs (`in.tokens`, `in.pixels`, ...) as a call of a model's `forward`. */
import type { Func } from "../../ir/ir.ts";
import type { Tensor } from "../../ir/op-def.ts";
import type { NamedTensor } from "../../weights/tensors.ts";
import type { ForwardCall } from "./runner.ts";

/** The call with S = `context`, or the sentence that says why there is none. */
export function forwardCall(
  func: Func,
  recorded: ReadonlyMap<string, NamedTensor>,
  context: number,
): ForwardCall | string {
  const inputs: Record<string, Tensor> = {};
  const sizes: Record<string, number> = { S: context };
  for (const { name, value } of func.args) {
    const found = recorded.get(`in.${name}`);
    if (found === undefined) return `the model takes \`${name}\`, and the folder has no in.${name}`;
    const { type } = value;
    if (type.dims.length !== found.dims.length) return `in.${name} has ${found.dims.length} axes, the model takes ${type.dims.length}`; // prettier-ignore
    type.dims.forEach((dim, axis) => {
      const [symbol] = dim.symbols();
      if (symbol !== undefined && dim.toString() === symbol) sizes[symbol] ??= found.dims[axis] ?? 0;
    });
    const wanted = type.dims.map((dim) => dim.evaluate(sizes));
    if (wanted.join() !== found.dims.join())
      return `in.${name} is [${found.dims.join(", ")}], the model takes [${type.dims.join(", ")}]`;
    inputs[name] = { dtype: type.dtype, dims: found.dims, data: found.data };
  }
  return { inputs, sizes };
}
