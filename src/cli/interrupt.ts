/**
 * What SIGINT and SIGTERM do while a device is in use: ask for its end first. A driver whose threads still compile when
 * the process exits writes its dumps to stdout. At all other times nobody listens, and the system ends the process at
 * once: a handler in JavaScript would wait until a synchronous compilation has ended.
 */

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** How long the end may take before a person is told why. */
const PATIENCE_MS = 700;

export class Interrupt {
  /** 130 or 143 once a signal has come while a device was in use; what the command says then counts no more. */
  exitCode: number | undefined;
  private readonly controller = new AbortController();
  private guards = 0;

  /** `tell` is for people: it says why the process is still there. */
  constructor(private readonly tell: (message: string) => void) {}

  /** Runs work that must close what it opened, and that ends soon after its signal is aborted. */
  async guard<V>(work: (signal: AbortSignal) => Promise<V>): Promise<V> {
    if (this.guards++ === 0) for (const name of SIGNALS) process.on(name, this.handle);
    try {
      return await work(this.controller.signal);
    } finally {
      if (--this.guards === 0) for (const name of SIGNALS) process.off(name, this.handle);
    }
  }

  /** The handler of a signal. A second one ends the process as the system does, without the exit hooks of drivers. */
  private readonly handle = (name: NodeJS.Signals): void => {
    if (this.exitCode !== undefined) {
      process.removeAllListeners(name);
      process.kill(process.pid, name);
    } else {
      this.exitCode = name === "SIGINT" ? 130 : 143;
      this.controller.abort();
      const telling = () =>
        this.tell("llmc: waiting for the driver to finish a kernel; interrupt again to end at once");
      setTimeout(telling, PATIENCE_MS).unref();
    }
  };
}
