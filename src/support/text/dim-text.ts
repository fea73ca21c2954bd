/** Reads a size (`B`, `576`, `T + 5`, `2*B*T - 1`) from IR text; `Dim.toString` writes it. */
import { Dim } from "../dim.ts";
import type { TextReader } from "./reader.ts";

export function readDim(reader: TextReader): Dim {
  let total = readTerm(reader);
  for (;;) {
    if (reader.accept("+")) total = total.add(readTerm(reader));
    else if (reader.accept("-")) total = total.sub(readTerm(reader));
    else return total;
  }
}

function readTerm(reader: TextReader): Dim {
  if (reader.accept("-")) return readTerm(reader).neg();
  let product = readFactor(reader);
  while (reader.accept("*")) product = product.mul(readFactor(reader));
  return product;
}

function readFactor(reader: TextReader): Dim {
  return reader.peek().kind === "number" ? Dim.of(reader.integer()) : Dim.symbol(reader.word());
}
