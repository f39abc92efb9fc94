/**
 * Decides which stored files a piece of code asks for: those whose name or id stands in it as a string,
 * also behind a folder (`data/sales.csv`) or as a pattern (`*.csv`).
 */
import type { FileRecord } from '../shared/records.ts';

/**
 * Python's string literals, one- and three-quoted, with any prefix; escapes are kept as written. One that is
 * not closed ends with its line (or the code), so that hostile code cannot make this more than linear.
 */
const LITERAL =
  /"""([\s\S]*?)(?:"""|$)|'''([\s\S]*?)(?:'''|$)|"((?:[^"\\\n]|\\.)*)(?:"|(?=\n)|$)|'((?:[^'\\\n]|\\.)*)(?:'|(?=\n)|$)/g;
/** A star alone is far more often a decoration than a pattern. */
const WILDCARD = /^(?=.*[*?])(?=.*[^*?])/;

/**
 * @param files newest first: of several files with one name the newest is meant
 * @returns at most one file per name, in the order given
 */
export function mentionedFiles(code: string, files: readonly FileRecord[]): FileRecord[] {
  const strings = literals(code);
  const taken = new Set<string>();
  const mentioned = files.filter((file) => {
    if (strings.some((text) => text === file.fileId)) return true;
    if (taken.has(file.name) || !strings.some((text) => names(text, file.name))) return false;
    taken.add(file.name);
    return true;
  });
  // Two of one name cannot lie in one folder: who is asked for by id comes first.
  const byName = new Map<string, FileRecord>();
  for (const file of mentioned) {
    const other = byName.get(file.name);
    if (!other || strings.includes(file.fileId)) byName.set(file.name, file);
  }
  return files.filter((file) => byName.get(file.name) === file);
}

function literals(code: string): string[] {
  return [...code.matchAll(LITERAL)].map(([, ...groups]) =>
    readEscapes(groups.find((group) => group !== undefined) ?? ''),
  );
}

/** Escapes that occur in file names; the rest stays, as it cannot equal a stored name anyway. */
const readEscapes = (text: string): string =>
  text
    .replace(/\\u([0-9a-fA-F]{4})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\(['"\\])/g, '$1');

function names(text: string, fileName: string): boolean {
  const base = text.slice(text.lastIndexOf('/') + 1).normalize('NFC');
  if (base === fileName) return true;
  return WILDCARD.test(base) && globMatches(base, fileName);
}

/** Linear time: both pattern and name come from users. */
function globMatches(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n]) && pattern[p] !== '*') {
      p++;
      n++;
    } else if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
