/**
 * How a line of source looks on a screen, column by column: tabs become spaces, wide characters count two, and
 * characters that would move the cursor or reorder the line are shown as a replacement.
 */

/** One UTF-16 unit of the line: what is printed for it and how many columns that takes. */
export interface Cell {
  readonly text: string;
  readonly width: number;
}

const TAB = 4;
const ZERO_WIDTH = /^(?:\p{Mn}|\p{Me}|\u200d|\ufe0f)$/u;
const UNSAFE = /^[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]$/u;
/** East Asian wide and fullwidth blocks (Unicode 16, EastAsianWidth.txt, W and F) and emoji. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}])$/u;

/** One cell for each UTF-16 unit of `line`; the second unit of a surrogate pair is an empty one. */
export function cellsOf(line: string): readonly Cell[] {
  const cells: Cell[] = [];
  for (const character of line) {
    if (character === "\t") cells.push({ text: " ".repeat(TAB), width: TAB });
    else if (ZERO_WIDTH.test(character)) cells.push({ text: character, width: 0 });
    else if (UNSAFE.test(character)) cells.push({ text: "\ufffd", width: 1 });
    else cells.push({ text: character, width: WIDE.test(character) ? 2 : 1 });
    for (let unit = 1; unit < character.length; unit++) cells.push({ text: "", width: 0 });
  }
  return cells;
}

export function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.width, 0);
}
