/** The entry point of the `llmc` command: the only reader of argv and the environment, and of signals. */
import { runCommandLine } from "./program.ts";

process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
// A reader that has seen enough (`llmc inspect ... | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 5));

process.exitCode = await runCommandLine(process.argv.slice(2));
