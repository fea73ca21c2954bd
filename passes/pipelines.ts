/**
 * THE order of passes, on one screen. Three pipelines: tensor IR to tensor IR, then (after lowering) kernels, then the
 * plan. `makePipeline` refuses an order that cannot work.
 */
import type { Module } from "../src/ir/ir.ts";
import type { Program } from "../src/plan/ir.ts";
import { keepLoops } from "./kernel/keep-loops.ts";
import { legalize } from "./kernel/legalize.ts";
import { simplifyIndex } from "./kernel/simplify-index.ts";
import type { Pipeline } from "./manager/pipeline.ts";
import { makePipeline } from "./manager/pipeline.ts";
import { canonicalize } from "./tensor/canonicalize.ts";
import { decompose } from "./tensor/decompose.ts";
import { deriveExtend } from "./tensor/derive-extend.ts";
import { deriveGenerate } from "./tensor/derive-generate.ts";
import { fuse } from "./tensor/fuse.ts";
import { hoistTables } from "./tensor/hoist-tables.ts";
import { mixedPrecision } from "./tensor/mixed-precision.ts";
import type { ComputeType } from "./tensor/mixed-precision.ts";
import { packWeights } from "./tensor/pack-weights.ts";
import { schedule } from "./tensor/schedule.ts";
import { splitAttention } from "./tensor/split-attention.ts";
import { splitProducts } from "./tensor/split-products.ts";
import { splitRows } from "./tensor/split-rows.ts";
import { splitWeights } from "./tensor/split-weights.ts";
import { selectEntries } from "./tensor/select-entries.ts";
import type { Entry } from "./tensor/select-entries.ts";
import { cutGrids } from "./plan/cut-grids.ts";
import { memoryPlan } from "./plan/memory-plan.ts";
import { mergeBindings } from "./plan/merge-bindings.ts";
import { sliceSubmits } from "./plan/slice-submits.ts";

/** From the module that sema makes to grouped and scheduled entry functions. */
export function tensorPipeline(entries: readonly Entry[], compute: ComputeType = "f32"): Pipeline<Module> {
  return makePipeline("tensor", [
    canonicalize,
    deriveExtend(entries.includes("generate") ? "required" : "if-possible"),
    deriveGenerate,
    selectEntries(entries),
    decompose,
    mixedPrecision(compute),
    canonicalize,
    splitWeights,
    splitProducts,
    splitAttention,
    splitRows,
    hoistTables,
    fuse,
    schedule,
    packWeights,
  ]);
}

/** Lowered kernels to kernels that the target can say. */
export const kernelPipeline: Pipeline<Program> = makePipeline("kernel", [legalize, simplifyIndex, keepLoops]);

/** Where the bytes of a program lie, and what is launched and submitted at once. */
export const planPipeline: Pipeline<Program> = makePipeline("plan", [
  memoryPlan,
  mergeBindings,
  cutGrids,
  sliceSubmits,
]);
