/**
 * Reads what a kernel takes of the machine out of a cubin, the ELF file that NVIDIA's assembler writes: registers, stack
 * and constants. The driver launches by the same figures. Shared memory is not read here: for sm_90 its section counts in
 * 1024 bytes that the system reserves in every block, for sm_80 it does not, and nothing in the file says so.
 *
 * The format has no specification; the attributes have the names that `cuobjdump -elf` prints, and the tests compare every
 * kernel with `cuobjdump -res-usage` and with what ptxas printed.
 */
import { InternalError, defined } from "../support/errors.ts";

export interface CubinKernel {
  readonly name: string;
  /** Registers of one thread. */
  readonly registers: number;
  /** Bytes of stack of one thread: private arrays, spilled registers and calls, all in local memory. */
  readonly localBytes: number;
  /** Bytes of the constant bank with the kernel's parameters. */
  readonly constantBytes: number;
}

interface Section {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const FUNCTION = 2;
/** The bit of `st_other` that tells a kernel from a function that kernels call. */
const ENTRY = 0x10;
/** Attributes of `.nv.info` whose value is a symbol's number and a count: EIATTR_REGCOUNT, EIATTR_MIN_STACK_SIZE. */
const REGISTER_COUNT = 0x2f;
const STACK_SIZE = 0x12;
/** The format of an attribute that is followed by as many bytes as its second half says. */
const SIZED = 4;
const SYMBOL_BYTES = 24;

/** The kernels of a cubin (64-bit little-endian ELF) in the order of their names. */
export function readCubin(cubin: Uint8Array): readonly CubinKernel[] {
  const view = new DataView(cubin.buffer, cubin.byteOffset, cubin.byteLength);
  if (cubin.length < 64 || view.getUint32(0) !== 0x7f454c46) throw new InternalError("the cubin is no ELF file");
  const sections = readSections(view);
  const section = (name: string) => sections.find((candidate) => candidate.name === name);
  const need = (name: string) => defined(section(name), `the cubin has no section ${name}`);
  const counts = readCounts(view, need(".nv.info"));
  const count = (attribute: number, symbol: number, name: string) =>
    defined(counts.get(`${attribute} ${symbol}`), `the cubin has no attribute ${attribute} of ${name}`);
  return readKernelSymbols(view, need(".symtab"), need(".strtab"))
    .map(({ symbol, name }) => ({
      name,
      registers: count(REGISTER_COUNT, symbol, name),
      localBytes: count(STACK_SIZE, symbol, name),
      constantBytes: section(`.nv.constant0.${name}`)?.size ?? 0,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readSections(view: DataView): readonly Section[] {
  const table = Number(view.getBigUint64(0x28, true));
  const entryBytes = view.getUint16(0x3a, true);
  const headers = Array.from({ length: view.getUint16(0x3c, true) }, (_, i) => table + i * entryBytes);
  const offsetOf = (header: number) => Number(view.getBigUint64(header + 0x18, true));
  const names = offsetOf(defined(headers[view.getUint16(0x3e, true)], "the cubin has no names of sections"));
  return headers.map((header) => ({
    name: readName(view, names + view.getUint32(header, true)),
    offset: offsetOf(header),
    size: Number(view.getBigUint64(header + 0x20, true)),
  }));
}

function readKernelSymbols(
  view: DataView,
  symbols: Section,
  names: Section,
): readonly { symbol: number; name: string }[] {
  return Array.from({ length: symbols.size / SYMBOL_BYTES }, (_, symbol) => {
    const at = symbols.offset + symbol * SYMBOL_BYTES;
    const isKernel = (view.getUint8(at + 4) & 15) === FUNCTION && (view.getUint8(at + 5) & ENTRY) !== 0;
    return isKernel ? [{ symbol, name: readName(view, names.offset + view.getUint32(at, true)) }] : [];
  }).flat();
}

/** The counts of `.nv.info`: `attribute symbol` to value. */
function readCounts(view: DataView, info: Section): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let at = info.offset; at < info.offset + info.size;) {
    const attribute = view.getUint8(at + 1);
    const bytes = view.getUint8(at) === SIZED ? view.getUint16(at + 2, true) : 0;
    if (bytes === 8) counts.set(`${attribute} ${view.getUint32(at + 4, true)}`, view.getUint32(at + 8, true));
    at += 4 + bytes;
  }
  return counts;
}

function readName(view: DataView, start: number): string {
  let end = start;
  while (view.getUint8(end) !== 0) end++;
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + start, end - start));
}
