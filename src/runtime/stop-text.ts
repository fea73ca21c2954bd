/** Watches a stream of text for stop strings: holds back what may be the beginning of one. */
export class StopText {
  private pending = "";

  constructor(private readonly stops: readonly string[]) {}

  /** The text that may be shown, and whether a stop string was met: it and what follows are swallowed. */
  push(piece: string): { readonly text: string; readonly isStopped: boolean } {
    const all = this.pending + piece;
    const found = this.stops.map((stop) => all.indexOf(stop)).filter((index) => index >= 0);
    if (found.length > 0) {
      this.pending = "";
      return { text: all.slice(0, Math.min(...found)), isStopped: true };
    }
    const held = this.heldLength(all);
    this.pending = all.slice(all.length - held);
    return { text: all.slice(0, all.length - held), isStopped: false };
  }

  /** What was held back and turned out to be nothing. */
  flush(): string {
    const text = this.pending;
    this.pending = "";
    return text;
  }

  /** Length of the longest end of `text` with which a stop string begins. */
  private heldLength(text: string): number {
    const longest = Math.max(0, ...this.stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, text.length); length > 0; length--)
      if (this.stops.some((stop) => stop.startsWith(text.slice(text.length - length)))) return length;
    return 0;
  }
}
