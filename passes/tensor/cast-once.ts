/** Casts that stand in their users' block, each once. */
import type { Builder } from "../../src/ir/builder.ts";
import type { Value } from "../../src/ir/ir.ts";
import type { DType } from "../../src/ir/type.ts";

export class CastOnce {
  private readonly known = new Map<Builder, Map<Value, Map<DType, Value>>>();

  /** `x` as `dtype`, made in the block that `b` builds. */
  to(dtype: DType, x: Value, b: Builder): Value {
    const inBlock = this.known.get(b) ?? new Map<Value, Map<DType, Value>>();
    this.known.set(b, inBlock);
    const casts = inBlock.get(x) ?? new Map<DType, Value>();
    inBlock.set(x, casts);
    const made = casts.get(dtype) ?? b.emit("cast", [x], { dtype });
    casts.set(dtype, made);
    return made;
  }
}
