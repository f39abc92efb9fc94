/** Finds the code to run in what a user gave: an option, a modal's field, or an attached script or notebook. */
import { isNotebook } from './notebook.ts';

/** Names that are run rather than kept as data. */
export const isScript = (name: string): boolean => /\.py$/i.test(name) || isNotebook(name);

const FENCE = /^\s*(`{3,})[ \t]*(?:py(?:thon)?3?[ \t]*)?\n?([\s\S]*?)\n?\1\s*$/i;
const INLINE = /^\s*(`{1,2})([^`\n][\s\S]*?)\1\s*$/;

/**
 * Takes code out of the Markdown that people wrap around it. Indentation of the first line survives in a
 * fence, and text without any fence stays as it is.
 */
export function unwrapCode(text: string): string {
  const fenced = FENCE.exec(text);
  if (fenced) return fenced[2] ?? '';
  const inline = INLINE.exec(text);
  if (inline) return inline[2] ?? '';
  return text;
}
