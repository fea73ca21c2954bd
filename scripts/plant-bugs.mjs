/**
 * `node scripts/plant-bugs.mjs [NAME...]`: plants bugs into schedules and passes, one at a time, in a copy of the
 * repository, and runs the tests that must notice each. Ends with 1 if a bug survives. The copy has the committed files
 * and this checkout's packages.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Each `from` stands in its file once. `tests` are the arguments of vitest. */
const BUGS = [
  {
    name: "tile-edge",
    what: "the last rows and columns of a product are read one too far",
    file: "passes/lower/schedules/edge.ts",
    from: 'emitter.binary("min", number, last)',
    to: 'emitter.binary("min", number, size)',
    tests: ["tests/differential/lower-ops.test.ts", "-t", "matmul"],
  },
  {
    name: "tile-barrier",
    what: "a product reads operands in workgroup memory before all of them are there",
    file: "passes/lower/schedules/matmul-workgroup.ts",
    from: "    memory.sharing = sharing;\n    builder.barrier();\n",
    to: "    memory.sharing = sharing;\n",
    tests: ["tests/differential/tiled-products.test.ts", "-t", "executor interpreter"],
  },
  {
    name: "early-panel",
    what: "the next terms of a product overwrite those that others still read",
    file: "passes/lower/schedules/matmul-workgroup.ts",
    from: "    builder.barrier();\n    return next;\n",
    to: "    return next;\n",
    tests: ["tests/differential/tiled-products.test.ts", "-t", "executor interpreter"],
  },
  {
    name: "lost-panel",
    what: "terms behind the last whole panel are left out",
    file: "passes/lower/schedules/matmul-workgroup.ts",
    from: "Math.ceil(size / terms)",
    to: "Math.max(1, Math.floor(size / terms))",
    tests: ["tests/differential/tiled-products.test.ts", "-t", "executor interpreter"],
  },
  {
    name: "stale-terms",
    what: "what lies beyond the last term is not zero",
    file: "passes/lower/schedules/operand-panel.ts",
    from: "isInside === undefined ? value :",
    to: "value.type.lanes > 1 || isInside === undefined ? value :",
    tests: ["tests/differential/tiled-products.test.ts", "-t", "executor interpreter"],
  },
  {
    name: "square-barrier",
    what: "a transposition writes what nobody has read yet",
    file: "passes/lower/schedules/transpose.ts",
    from: "  builder.barrier();\n",
    to: "",
    tests: ["tests/differential/transposes.test.ts", "-t", "executor interpreter"],
  },
  {
    name: "lost-barrier",
    what: "no barrier between the rounds of a reduction",
    file: "passes/kernel/reduce-workgroup.ts",
    from: "    round.barrier();\n",
    to: "",
    tests: ["tests/differential/kernels.test.ts", "tests/differential/lower-groups.test.ts"],
  },
  {
    name: "wrong-mask",
    what: "a query sees the key after it",
    file: "passes/lower/schedules/attention-query.ts",
    from: 'const next = emitter.binary("add", position, emitter.i32(1));',
    to: 'const next = emitter.binary("add", position, emitter.i32(2));',
    tests: ["tests/differential/lower-ops.test.ts", "-t", "attention"],
  },
  {
    name: "swapped-heads",
    what: "a query head reads the values of another group",
    file: "passes/lower/schedules/attention-query.ts",
    from: "v: (s, c) => puller.at(v, [b, group, s, channel(c)])",
    to: "v: (s, c) => puller.at(v, [b, h.remainder(share), s, channel(c)])",
    tests: ["tests/differential/lower-ops.test.ts", "-t", "attention"],
  },
  {
    name: "chunk-edge",
    what: "a chunk of keys holds the first key of the next one too",
    file: "passes/lower/schedules/attention-query.ts",
    from: 'const end = emitter.binary("add", start, emitter.i32(chunk));',
    to: 'const end = emitter.binary("add", start, emitter.i32(chunk + 1));',
    tests: ["tests/differential/split-attention.test.ts", "-t", "in JavaScript"],
  },
  {
    name: "lost-rescale",
    what: "chunks of keys are added up as if their largest scores were equal",
    file: "passes/tensor/split-attention.ts",
    from: 'b.emit("sub", [largest, top])',
    to: 'b.emit("sub", [top, top])',
    tests: ["tests/fuzz/programs.test.ts", "-t", "after the passes"],
  },
  {
    name: "filled-with-zero",
    what: "rows are filled up to whole chunks with a number that may be their largest",
    file: "passes/tensor/split-rows.ts",
    from: "value: neutral(fold, dtype)",
    to: "value: 0",
    tests: ["tests/differential/split-rows.test.ts", "-t", "in JavaScript"],
  },
  {
    name: "early-reuse",
    what: "the bytes of a value are given away one step before its last reader",
    file: "passes/plan/allocate.ts",
    from: "active = active.filter((j) => at(blocks, j).end > block.start);",
    to: "active = active.filter((j) => at(blocks, j).end > block.start + 1);",
    tests: ["tests/unit/passes/plan", "tests/unit/driver/memory-map.test.ts"],
  },
  {
    name: "early-in-place",
    what: "a kernel writes over an input that is read later",
    file: "passes/plan/in-place.ts",
    from: "const dies = lastUse.get(resolve(inn.buffer)) === index;",
    to: "const dies = (lastUse.get(resolve(inn.buffer)) ?? 0) <= index + 2;",
    tests: ["tests/unit/passes/plan", "tests/fuzz/programs.test.ts"],
  },
  {
    name: "padding-written",
    what: "the first token of the padding is written to the cache",
    file: "passes/lower/schedules/cache-write.ts",
    from: 'emitter.binary("lt", t, puller.at(count, row))',
    to: 'emitter.binary("ge", puller.at(count, row), t)',
    tests: ["tests/differential/lower-functions.test.ts"],
  },
  {
    name: "stale-state",
    what: "a scan forgets to replace its state",
    file: "passes/lower/schedules/scan.ts",
    from: "keep(one, (_, at) => builder.store(one.before, at, emitter.define(builder.load(one.after, at))));",
    to: "",
    tests: ["tests/differential/odd-programs.test.ts", "-t", "a scan"],
  },
  {
    name: "live-padding",
    what: "the first token of the padding changes a scan's state",
    file: "passes/tensor/extend/recurrent.ts",
    from: 'b.emit("lt", [steps, ends], {}, "live")',
    to: 'b.emit("le", [steps, ends], {}, "live")',
    tests: ["tests/unit/passes/tensor/derive-extend.test.ts"],
  },
  {
    name: "wrong-piece",
    what: "the first row of a piece is looked up in the piece before",
    file: "passes/tensor/split-weights.ts",
    from: 'this.compared("ge", choice.index, choice.starts[i])',
    to: 'this.compared("gt", choice.index, choice.starts[i])',
    tests: ["tests/differential/split-weights.test.ts", "-t", "every row"],
  },
  {
    name: "wrong-stretch",
    what: "rows of one of many matrices are filled with those of another",
    file: "src/runtime/load.ts",
    from: "row * of + from",
    to: "row + from",
    tests: ["tests/differential/split-weights.test.ts", "-t", "a piece what it says in one, for 'js'"],
  },
  {
    name: "shared-sums",
    what: "products that are needed at once are added to the same sums",
    file: "passes/lower/schedules/needed-sums.ts",
    from: "known.every(isApart)",
    to: "known.length > 0",
    tests: ["tests/unit/passes/lower/needed-products.test.ts"],
  },
  {
    name: "lost-overflow",
    what: "sums that overflowed by their scale are kept",
    file: "codegen/wasm/emit.ts",
    from: '["i32.eqz"], ["if"]);\n          this.loop(statement);',
    to: '["if"]);\n          this.loop(statement);',
    tests: ["tests/differential/wasm-kernels.test.ts", "-t", "finite f16"],
  },
  {
    name: "tie-twice",
    what: "of equal elements a selection takes the same one again",
    file: "passes/lower/selection.ts",
    from: 'emitter.binary("gt", position, last.position)',
    to: 'emitter.binary("ge", position, last.position)',
    tests: ["tests/differential/lower-ops.test.ts", "-t", "topk"],
  },
  {
    name: "swapped-stride",
    what: "a transposition reads along the axes as they were",
    file: "passes/lower/pull-move.ts",
    from: "index[perm.indexOf(axis)]",
    to: "index[perm[axis] ?? 0]",
    tests: ["tests/differential/lower-ops.test.ts", "-t", "transpose"],
  },
];

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !BUGS.some((bug) => bug.name === name));
if (unknown !== undefined) {
  process.stderr.write(`unknown bug ${unknown}; there are: ${BUGS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const copy = mkdtempSync(path.join(os.tmpdir(), "llmc-bugs-"));
try {
  must("git", ["clone", "-q", root, copy], root);
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  must(process.execPath, ["scripts/prepare.mjs"], copy);
  let survivors = 0;
  for (const bug of BUGS.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    const isCaught = plant(bug);
    if (!isCaught) survivors++;
    process.stdout.write(`${isCaught ? "caught  " : "SURVIVED"}  ${bug.name.padEnd(16)}  ${bug.what}\n`);
  }
  process.exitCode = survivors === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** Whether the tests fail with the bug. Throws where its place is not found once. */
function plant({ name, file, from, to, tests }) {
  const where = path.join(copy, file);
  const text = readFileSync(where, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${name}: its text stands ${text.split(from).length - 1} times in ${file}`); // prettier-ignore
  writeFileSync(
    where,
    text.replace(from, () => to),
  );
  try {
    const run = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...tests], { cwd: copy, encoding: "utf8" }); // prettier-ignore
    // A run without tests would be no proof.
    return run.status !== 0 && /Tests .*\d+ failed/.test(run.stdout.replace(/\u001b\[\d+m/g, ""));
  } finally {
    writeFileSync(where, text);
  }
}

function must(command, args, cwd) {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
}
