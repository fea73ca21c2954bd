/** The entry point of the `llmc` command: the only reader of argv and the environment. */
import { runCommandLine } from "./program.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
