/**
 * One group to one kernel: picks the schedule that the group names (or that its body calls for, where no schedule pass
 * has run), builds, and builds again where a buffer that was hoped to be read in vectors is not.
 */
import { result } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { elementCount } from "../../src/ir/type.ts";
import { KernelBuilder } from "../../src/kernel/builder.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { Emitter } from "./emitter.ts";
import { GroupMemory } from "./group-memory.ts";
import type { GroupSpec } from "./group-spec.ts";
import { Puller } from "./pull.ts";
import { isSelection, reducedAxis, reductionOf } from "./pull-fold.ts";
import { argsort } from "./schedules/argsort.ts";
import { attention } from "./schedules/attention.ts";
import { cacheWrite } from "./schedules/cache-write.ts";
import { cumsum } from "./schedules/cumsum.ts";
import { elementwise } from "./schedules/elementwise.ts";
import { matmulRegisters } from "./schedules/matmul-registers.ts";
import { matmulWorkgroup } from "./schedules/matmul-workgroup.ts";
import { matvec } from "./schedules/matvec.ts";
import { rowReduce } from "./schedules/row-reduce.ts";
import { sample } from "./schedules/sample.ts";
import { scan } from "./schedules/scan.ts";
import { transpose } from "./schedules/transpose.ts";
import type { Schedule } from "./schedules/schedule.ts";

const SCHEDULES: Readonly<Record<string, Schedule>> = {
  elementwise,
  transpose,
  row_reduce: rowReduce,
  "matmul.registers": matmulRegisters,
  "matmul.workgroup": matmulWorkgroup,
  matvec,
  attention,
  cache_write: cacheWrite,
  sample,
  scan,
  cumsum,
  argsort,
};

/** Rows up to which a product is read as matrix times vector. */
const FEW_ROWS = 8;

export interface LoweringContext {
  readonly ops: OpTable;
  readonly info: TargetInfo;
  readonly capacities: Readonly<Record<string, number>>;
}

export interface LoweredGroup {
  readonly kernel: Kernel;
  /** Whether results that share a slot with an argument leave every other invocation's reads alone. */
  readonly updatesAreSafe: boolean;
}

export function lowerGroup(spec: GroupSpec, name: string, context: LoweringContext): LoweredGroup {
  const schedule = scheduleOf(spec, context);
  let scalarSlots: ReadonlySet<number> = new Set();
  for (;;) {
    const builder = new KernelBuilder(name);
    const emitter = new Emitter(builder);
    const memory = new GroupMemory(spec, emitter, builder, scalarSlots);
    const puller = new Puller(emitter, spec.block, context.ops, memory);
    const shape = schedule({ ...context, spec, body: spec.block, builder, emitter, memory, puller });
    // Slots only ever leave the set of vector slots, so this ends.
    if (memory.scalarSlots.size > 0) {
      scalarSlots = new Set([...scalarSlots, ...memory.scalarSlots]);
      continue;
    }
    const kernel = builder.finish({ ...shape, inPlace: memory.inPlace(), locs: spec.locs });
    return { kernel, updatesAreSafe: memory.updatesAreSafe() };
  }
}

function scheduleOf(spec: GroupSpec, context: LoweringContext): Schedule {
  const named = spec.attrs["schedule"];
  return (typeof named === "string" ? SCHEDULES[named] : undefined) ?? defaultSchedule(spec, context);
}

/** What the schedule pass would say of a group of one; any other body without a schedule is pulled. */
function defaultSchedule(spec: GroupSpec, { capacities, info }: LoweringContext): Schedule {
  const [op, second] = spec.block.ops.filter(({ name }) => name !== "constant" && name !== "iota");
  if (op === undefined || second !== undefined) return elementwise;
  if (op.name === "attention" || op.name === "attention_part") return attention;
  if (op.name === "sample") return sample;
  if (op.name === "cache_write") return cacheWrite;
  if (op.name === "cumsum") return cumsum;
  if (op.name === "argsort") return argsort;
  if (op.name === "matmul") {
    const { dims } = result(op).type;
    const rows = elementCount({ dtype: "f32", dims: dims.slice(0, -1) }).evaluate(capacities);
    if (rows <= FEW_ROWS) return matvec;
    return info.tiles.matmul.workgroupTerms === undefined ? matmulRegisters : matmulWorkgroup;
  }
  if (reductionOf(op) === undefined && !isSelection(op)) return elementwise;
  const { axis, operand } = reducedAxis(op);
  return axis === operand.type.dims.length - 1 ? rowReduce : elementwise;
}
