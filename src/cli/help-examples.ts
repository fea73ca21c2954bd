/** The examples that each help text starts with: a command line and what it is for. */

type Example = readonly [line: string, purpose: string];

/** By the name of the command; `llmc` for the program itself. */
const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  llmc: [
    ["llmc check model.llm", "find mistakes"],
    ["llmc build model.llm --target webgpu --out model", "write an npm package"],
    ['llmc run model.llm --prompt "Call me Ishmael."', "generate text"],
    ["llmc inspect model.llm --after fuse", "see what a pass made"],
    ["llmc verify folder", "compare with recorded answers"],
  ],
  build: [
    ["llmc build model.llm --out model", "a package for WebGPU, and WebAssembly where there is no GPU"],
    ["llmc build model.llm --out model --target cuda", "CUDA C++ with a driver, to build with CMake"],
    ["llmc build checkpoint --out model --storage f16", "a published checkpoint, weights in half precision"],
    ["llmc build model.llm --out model --set depth=2", "another config value"],
  ],
  check: [
    ["llmc check model.llm", "all mistakes, each with its place"],
    ["llmc check models.llm#Tiny", "one model of a file that declares several; so for every command"],
    ["llmc check model.llm --set heads=8 --json", "with another config value, for a script"],
  ],
  fmt: [
    ["llmc fmt model.llm", "format in place"],
    ["llmc fmt --check *.llm", "only say which files are not formatted"],
  ],
  explain: [["llmc explain LLM0203", "what the code means, a wrong and a right example"]],
  inspect: [
    ["llmc inspect model.llm", "the tensor IR behind all passes"],
    ["llmc inspect model.llm --after fuse", "behind one pass"],
    ["llmc inspect model.llm --stage wgsl", "the shaders"],
    ["llmc inspect model.llm --why h rms_norm", "why two ops are one kernel or two"],
    ["llmc inspect model.llm --memory svg", "where each value lies, and for how long"],
  ],
  reduce: [
    ["llmc reduce model.llm --when './fails.sh'", "the smallest source for which the script exits with 0"],
    ["llmc reduce model.llm --when 'llmc check {} 2>&1 | grep -q LLM0203'", "that still has this mistake"],
  ],
  run: [
    ['llmc run model.llm --prompt "Call me Ishmael."', "continue a text"],
    ["llmc run model.llm --tokens 1,2,3 --max-tokens 8 --json", "token ids, for a script"],
    ['llmc run model.llm --prompt "Once" --temperature 0.8 --seed 7', "sample"],
    ['llmc run model.llm --prompt "Once" --repetition-penalty 1.2 --logit-bias 13=-inf', "steer it"],
  ],
  tokenize: [['llmc tokenize model.llm "Call me Ishmael."', "the ids of a text"]],
  detokenize: [["llmc detokenize model.llm 35,390,397", "the text of ids"]],
  verify: [
    ["llmc verify folder", "on the default target"],
    ["llmc verify folder --target js,webgpu,reference", "on several; `reference` is the interpreter"],
    ["llmc verify folder --model model.llm", "another model with the folder's weights and answers"],
    ["llmc verify folder --model models.llm#Tiny", "one of a file that declares several"],
  ],
  bench: [
    ["llmc bench model.llm", "tokens a second of prompt and answer"],
    ["llmc bench model.llm --profile", "and the share of each kernel"],
    [
      "llmc bench model.llm --target cpu --storage f16 --json",
      "another target, weights in half precision, for a script",
    ],
  ],
  import: [
    ["llmc import checkpoint", "the .llm of checkpoint/config.json, on stdout"],
    ["llmc import config.json --out model.llm", "into a file"],
  ],
  doctor: [["llmc doctor", "Node, the adapter, its features and limits"]],
};

/** The text in front of the help of `command`. */
export function exampleText(command: string): string {
  const examples = EXAMPLES[command] ?? [];
  const width = Math.max(0, ...examples.map(([line]) => line.length));
  return ["Examples:", ...examples.map(([line, purpose]) => `  $ ${line.padEnd(width)}   ${purpose}`), ""].join("\n");
}
