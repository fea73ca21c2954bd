/** Random programs through the whole compiler: built for a profile, run on a device of the runtime, compared. */
import { runPipeline } from "../../passes/manager/pipeline.ts";
import type { Instrument } from "../../passes/manager/pipeline.ts";
import { tensorPipeline } from "../../passes/pipelines.ts";
import { verifyModule, walk } from "../../src/ir/index.ts";
import type { Module } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { randomProgram } from "./programs.ts";
import type { RandomProgram } from "./programs.ts";
import { referenceOf } from "./reference.ts";

export function programOf(seed: number): RandomProgram {
  return randomProgram(new Rng(seed), OPS);
}

/** The program after the tensor passes for a profile. Throws where a pass breaks it. */
export function afterPasses(program: RandomProgram, info: TargetInfo, off: readonly string[] = []): Module {
  const { module, capacities } = asForward(program);
  const instrument: Instrument<Module> = { verify: (ir) => verifyModule(ir, OPS)[0], checkProperties: true };
  const context = { ops: OPS, info, capacities };
  const { ir, diagnostics } = runPipeline(tensorPipeline(["forward"]), module, context, { off: new Set(off), instrument }); // prettier-ignore
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return ir;
}

/** How the program's groups work for a profile: `matvec`, or with several invocations for one piece `matvec, lanes`. */
export function schedulesOf(program: RandomProgram, info: TargetInfo): ReadonlySet<string> {
  const found = new Set<string>();
  for (const func of afterPasses(program, info).funcs)
    walk(func.body, ({ attrs: { schedule, lanes } }) => {
      if (typeof schedule === "string")
        found.add(typeof lanes === "number" && lanes > 1 ? `${schedule}, lanes` : schedule);
    });
  return found;
}

/** Capacities are larger than the sizes of the call, so that a size taken for a capacity is seen. */
export function buildRandom(program: RandomProgram, info: TargetInfo, off: readonly string[] = []): BuiltProgram {
  const { module, capacities } = asForward(program);
  return buildProgram(module, info, { capacities, tensorPasses: true, off });
}

function asForward({ module, symbols }: RandomProgram): {
  module: Module;
  capacities: Readonly<Record<string, number>>;
} {
  const capacities = Object.fromEntries(Object.entries(symbols).map(([name, size]) => [name, size + 2]));
  const funcs = module.funcs.map((func) => ({ ...func, name: "forward" }));
  return { module: { ...module, funcs }, capacities };
}

/** The first result that is not the reference's within its tolerance, or undefined. */
export async function problemOf(
  program: RandomProgram,
  built: BuiltProgram,
  device: Device,
  seed: number,
): Promise<string | undefined> {
  const weights = (path: string) => program.params.get(path)!;
  const args = { sizes: program.symbols, inputs: program.args, weights };
  const results = await runOnDevice(device, built, "forward", args);
  return referenceOf(program, OPS)
    .map(({ name, exact, tolerance }) => {
      const actual = results.read(name, exact.dtype, exact.dims);
      return compareTensors(actual, exact, tolerance, { what: `${name} for ${built.info.name}`, seed });
    })
    .find((problem) => problem !== undefined);
}
