/** The entry point of the `llmc` command: the only reader of argv and the environment, and of signals. */
import { Interrupt } from "./interrupt.ts";
import { runCommandLine } from "./program.ts";

const interrupt = new Interrupt((message) => process.stderr.write(`${message}\n`));
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interrupt.handle(name));
// A reader that has seen enough (`llmc inspect ... | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 5));

process.exitCode = await runCommandLine(process.argv.slice(2), interrupt);
