/**
 * Makes a source smaller as long as it stays interesting, by delta debugging on the tree (Zeller and Hildebrandt 2002,
 * ddmin; the tree as in Misherghi and Su 2006). Every candidate parses. Which one is interesting the caller decides; the
 * same answers give the same result. Knows no files and no processes.
 */
import { tokenize } from "../../grammar/tokens.ts";
import { format, parse } from "../../grammar/index.ts";
import { hasErrors } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";
import type { Choice, Offer } from "./reduce-edits.ts";
import { OFFERS } from "./reduce-edits.ts";
import type { Edit } from "./reduce-source.ts";
import { Source, edited } from "./reduce-source.ts";

export interface ReduceOptions {
  /** Whether a candidate still shows what is looked for. */
  readonly isInteresting: (text: string) => Promise<boolean>;
  /** Called for each smaller text, so that an end by force loses nothing. */
  readonly onSmaller?: (text: string) => void;
  /** Ends the search; what has been found so far is the result. */
  readonly signal?: AbortSignal;
}

export interface Reduced {
  readonly text: string;
  /** Candidates that were tried, and those that were smaller and interesting. */
  readonly tried: number;
  readonly accepted: number;
}

/** The smallest text found. `file` parses and is interesting: the caller has checked both. */
export async function reduceSource(file: SourceFile, options: ReduceOptions): Promise<Reduced> {
  const search = new Search(file, options);
  await search.run();
  return search.result();
}

class Search {
  private text: string;
  private accepted = 0;
  private readonly seen = new Set<string>();
  /** Candidates are laid out, unless what is looked for hangs on the layout. */
  private isLaidOut = true;

  constructor(
    private readonly file: SourceFile,
    private readonly options: ReduceOptions,
  ) {
    this.text = file.text;
  }

  result(): Reduced {
    return { text: this.text, tried: this.seen.size, accepted: this.accepted };
  }

  async run(): Promise<void> {
    const { text } = format(this.file);
    if (text !== this.text && (await this.options.isInteresting(text))) this.accept(text);
    else this.isLaidOut = text === this.text;
    for (let before = -1; before !== this.accepted && !this.isStopped();) {
      before = this.accepted;
      for (const offer of OFFERS) await this.exhaust(offer);
    }
  }

  private isStopped(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** Goes through the choices of one kind; those of a smaller text are asked for again. */
  private async exhaust(offer: Offer): Promise<void> {
    const choices = (): readonly Choice[] => offer(new Source(this.current(), parse(this.current()).ast));
    let now = choices();
    for (let i = 0; i < now.length && !this.isStopped(); i++) {
      const choice = now[i];
      if (choice === undefined) continue;
      const before = this.accepted;
      if (choice.take === "many") await this.takeMany(i, choices);
      else await this.takeFirst(choice.edits);
      if (this.accepted === before) continue;
      now = choices();
      // What took this one's place is tried as well.
      i--;
    }
  }

  private current(): SourceFile {
    return { ...this.file, text: this.text };
  }

  private async takeFirst(edits: readonly Edit[]): Promise<void> {
    for (const edit of edits) if (await this.attempt([edit])) return;
  }

  /** ddmin: chunks of the edits of the choice at `index`, from all of them down to single ones. */
  private async takeMany(index: number, choices: () => readonly Choice[]): Promise<void> {
    let edits = choices()[index]?.edits ?? [];
    for (let size = edits.length; size >= 1 && !this.isStopped(); size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < edits.length && !this.isStopped();) {
        const count = edits.length;
        if (!(await this.attempt(edits.slice(from, from + size)))) {
          from += size;
          continue;
        }
        edits = choices()[index]?.edits ?? [];
        // The list may have gone as a whole, and another one stands in its place.
        if (edits.length >= count) return;
      }
    }
  }

  /** Accepts the text after the edits if it parses, is smaller, is new and is interesting. */
  private async attempt(edits: readonly Edit[]): Promise<boolean> {
    const raw = edited(this.text, edits);
    if (raw === undefined || hasErrors(parse({ ...this.file, text: raw }).diagnostics)) return false;
    const text = this.isLaidOut ? format({ ...this.file, text: raw }).text : raw;
    if (this.seen.has(text) || !isSmaller(this.file.path, text, this.text)) return false;
    this.seen.add(text);
    if (!(await this.options.isInteresting(text))) return false;
    this.accept(text);
    return true;
  }

  private accept(text: string): void {
    this.text = text;
    this.accepted++;
    this.options.onSmaller?.(text);
  }
}

/** Fewer tokens, or as many with smaller numbers, or the same with less text: so the search ends. */
function isSmaller(path: string, a: string, b: string): boolean {
  const measure = (text: string): readonly number[] => {
    const { tokens } = tokenize({ path, text });
    const sum = tokens.reduce((total, token) => total + (token.kind === "number" ? Number(token.text.replaceAll("_", "")) : 0), 0); // prettier-ignore
    return [tokens.length, sum, text.length];
  };
  const [left, right] = [measure(a), measure(b)];
  const differs = left.findIndex((value, i) => value !== right[i]);
  return differs >= 0 && (left[differs] ?? 0) < (right[differs] ?? 0);
}
