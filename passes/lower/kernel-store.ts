/** The kernels of a program: each distinct group is lowered once, and names are unique. */
import type { Kernel } from "../../src/kernel/ir.ts";
import { groupKey } from "./group-key.ts";
import type { GroupSpec } from "./group-spec.ts";
import { lowerGroup } from "./lower-group.ts";
import type { LoweredGroup, LoweringContext } from "./lower-group.ts";

export class KernelStore {
  private readonly byKey = new Map<string, LoweredGroup>();
  private readonly names = new Set<string>();
  private readonly kept: Kernel[] = [];
  private readonly keptKeys = new Set<string>();

  constructor(private readonly context: LoweringContext) {}

  get kernels(): readonly Kernel[] {
    return this.kept;
  }

  /** The kernel of a group. It is part of the program only after `keep`. */
  lower(spec: GroupSpec): LoweredGroup & { readonly key: string } {
    const key = groupKey(spec);
    let lowered = this.byKey.get(key);
    if (lowered === undefined) this.byKey.set(key, (lowered = lowerGroup(spec, this.unique(spec.name), this.context)));
    return { ...lowered, key };
  }

  keep(key: string, kernel: Kernel): void {
    if (this.keptKeys.has(key)) return;
    this.keptKeys.add(key);
    this.kept.push(kernel);
  }

  private unique(hint: string): string {
    const base = hint.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=[0-9])/, "k") || "kernel";
    let name = base;
    for (let n = 1; this.names.has(name); n++) name = `${base}_${n}`;
    this.names.add(name);
    return name;
  }
}
