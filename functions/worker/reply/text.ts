/**
 * Makes a stranger's text safe and readable in a Discord message: nothing invisible, nothing that leaves
 * its code block, and no more than fits.
 */

/** ANSI escape sequences: CSI, OSC (ended by BEL or ST) and two-byte ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
/** Everything in Unicode's "other" class but tab and newline, and line separators that Discord would not show. */
const INVISIBLE = /(?![\t\n])[\p{C}\p{Zl}\p{Zp}]/gu;
const ZERO_WIDTH_SPACE = '\u200b';

/**
 * Removes escape sequences, control, bidi and zero-width characters, and shows only the last state of a
 * line that was rewritten with carriage returns (progress bars).
 */
export function plainText(output: string): string {
  return output
    .replace(ANSI, '')
    .replace(/\r+\n/g, '\n')
    .replace(/[^\n]*\r(?=[^\n])/g, '')
    .replace(INVISIBLE, '');
}

/** For names and other short texts inside inline code: one line, no back-ticks, shortened in the middle. */
export function inlineCode(value: string, maxCharacters = 80): string {
  const text =
    plainText(value)
      .replace(/[\n\t]/g, ' ')
      .replaceAll('`', "'")
      .trim() || ' ';
  const characters = [...text];
  if (characters.length <= maxCharacters) return `\`${text}\``;
  const half = Math.floor((maxCharacters - 1) / 2);
  return `\`${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}\``;
}

/** A fenced block whose content cannot end it. */
export function codeBlock(content: string, language = ''): string {
  const unbroken = content.replace(/`{3,}/g, (ticks) => [...ticks].join(ZERO_WIDTH_SPACE));
  // A back-tick at the very end would merge with the closing fence, even behind a newline on some clients.
  return `\`\`\`${language}\n${unbroken.endsWith('`') ? unbroken + ZERO_WIDTH_SPACE : unbroken}\n\`\`\``;
}

export interface Excerpt {
  readonly text: string;
  /** Whether anything was left out. */
  readonly shortened: boolean;
}

export interface ExcerptSize {
  readonly characters: number;
  readonly lines: number;
  readonly bytes: number;
}

/**
 * Keeps the beginning and the end: the end of a traceback says what went wrong, the beginning of an output
 * what it is about.
 */
export function excerpt(text: string, size: ExcerptSize): Excerpt {
  const trimmed = text.replace(/\s+$/, '');
  if (fits(trimmed, size)) return { text: trimmed, shortened: false };
  const lines = trimmed.split('\n');
  const half = Math.floor((size.lines - 1) / 2);
  if (lines.length > size.lines) {
    const left = lines.length - 2 * half;
    const shorter = [...lines.slice(0, half), `… ${left} lines left out …`, ...lines.slice(-half)].join('\n');
    return { text: squeeze(shorter, size), shortened: true };
  }
  return { text: squeeze(trimmed, size), shortened: true };
}

const fits = (text: string, { characters, lines, bytes }: ExcerptSize): boolean =>
  text.length <= characters && Buffer.byteLength(text) <= bytes && text.split('\n').length <= lines;

function squeeze(text: string, size: ExcerptSize): string {
  if (text.length <= size.characters && Buffer.byteLength(text) <= size.bytes) return text;
  const gap = '\n… cut here …\n';
  const all = [...text];
  let keep = Math.min(all.length, size.characters - gap.length);
  const cut = () => {
    const half = Math.floor(keep / 2);
    return all.slice(0, half).join('') + gap + (half ? all.slice(-half).join('') : '');
  };
  while (keep > 0 && (cut().length > size.characters || Buffer.byteLength(cut()) > size.bytes)) {
    keep = Math.floor(keep * 0.8);
  }
  return cut();
}
