/** Which characters a picture is made of: two by four dots each, or one by three. */
export type Charset = "braille" | "ascii";

/** Dots per character, for each character set. */
export const DOTS_PER_CELL: Readonly<
  Record<Charset, { readonly wide: number; readonly high: number }>
> = {
  braille: { wide: 2, high: 4 },
  ascii: { wide: 1, high: 3 },
};

const BRAILLE_BLANK = 0x2800;
/** Bits of the dots of a braille cell, row by row (Unicode, "Braille Patterns"). */
const BRAILLE_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

/** Characters for the dots top = 1, middle = 2, bottom = 4 and their sums. */
const ASCII_CELLS = " '-:.:||";

/** A picture in dots, `[columns, lines]` characters in size; dots outside are dropped. */
export class DotCanvas {
  readonly dotsWide: number;
  readonly dotsHigh: number;
  /** One bit mask per character, row-major; bit `y * wide + x` is a dot of the cell. */
  readonly #cells: Uint8Array;

  constructor(
    readonly columns: number,
    readonly lines: number,
    readonly charset: Charset,
  ) {
    this.dotsWide = columns * DOTS_PER_CELL[charset].wide;
    this.dotsHigh = lines * DOTS_PER_CELL[charset].high;
    this.#cells = new Uint8Array(columns * lines);
  }

  /** Sets the dots of column `x` from row `top` to row `bottom`, both included; row 0 is on top. */
  drawVertical(x: number, top: number, bottom: number): void {
    if (x < 0 || x >= this.dotsWide) return;
    const { wide, high } = DOTS_PER_CELL[this.charset];
    const last = Math.min(bottom, this.dotsHigh - 1);
    for (let y = Math.max(top, 0); y <= last; y += 1) {
      const cell = Math.floor(y / high) * this.columns + Math.floor(x / wide);
      const bit = (y % high) * wide + (x % wide);
      this.#cells[cell] = (this.#cells[cell] ?? 0) | (1 << bit);
    }
  }

  /** The picture, one string of `columns` characters per line. */
  toLines(): string[] {
    return Array.from({ length: this.lines }, (_, line) =>
      Array.from(
        this.#cells.subarray(line * this.columns, (line + 1) * this.columns),
        this.charset === "braille" ? brailleCharacter : asciiCharacter,
      ).join(""),
    );
  }
}

function brailleCharacter(dots: number): string {
  if (dots === 0) return " ";
  const pattern = BRAILLE_BITS.reduce(
    (sum, code, bit) => ((dots >> bit) & 1 ? sum + code : sum),
    0,
  );
  return String.fromCodePoint(BRAILLE_BLANK + pattern);
}

function asciiCharacter(dots: number): string {
  return ASCII_CELLS.charAt(dots);
}
