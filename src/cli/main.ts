/** The entry point of the `llmc` command: the only reader of argv and the environment. */
import { Interrupt } from "./interrupt.ts";
import { runCommandLine } from "./program.ts";

const interrupt = new Interrupt((message) => process.stderr.write(`${message}\n`));
// A reader that has seen enough (`llmc inspect ... | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 5));

process.exitCode = await runCommandLine(process.argv.slice(2), interrupt);
