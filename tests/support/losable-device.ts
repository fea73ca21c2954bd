/**
 * A device that is lost when a test says so: from the n-th submission on, all that were and will be made on it fail. A
 * machine without an adapter sees by it what a loss does.
 */
import type { Device, PreparedProgram } from "../../src/runtime/devices/device.ts";
import { DeviceLostError } from "../../src/runtime/errors.ts";

export interface LosableDevices {
  /** Opens one; the first is lost at submission `at`. */
  open(): Device;
  /** How many were opened, and the submissions on the first. */
  readonly opened: number;
  readonly submissions: number;
}

export function losableDevices(make: () => Device, at: number): LosableDevices {
  let opened = 0;
  let submissions = 0;
  const open = (): Device => {
    const device = make();
    const isFirst = opened++ === 0;
    let loss: DeviceLostError | undefined;
    const losing = (prepared: PreparedProgram): PreparedProgram => ({
      write: (buffer, offset, bytes) => prepared.write(buffer, offset, bytes),
      begin: (sizes) => {
        const recording = prepared.begin(sizes);
        return {
          launch: (plan, step, groups) => recording.launch(plan, step, groups),
          submit: async (read) => {
            if (isFirst && submissions++ === at) loss = new DeviceLostError("the device was lost.");
            const bytes = await recording.submit(read);
            if (loss !== undefined) throw loss;
            return bytes;
          },
        };
      },
      close: () => prepared.close(),
    });
    return {
      info: device.info,
      lost: device.lost,
      compilesLate: true,
      prepare: async (program, code, bytesOf) => losing(await device.prepare(program, code, bytesOf)),
      close: () => device.close(),
    };
  };
  return {
    open,
    get opened() {
      return opened;
    },
    get submissions() {
      return submissions;
    },
  };
}
