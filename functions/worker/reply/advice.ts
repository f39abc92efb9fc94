/** What a person can do about the commonest failures: one sentence each, only where it is sure to apply. */

import type { FinishedRun } from './result.ts';
import { inlineCode, plainText } from './text.ts';

/** Their status line says all that the executor's hint would say again. */
const SAID_BY_STATUS: ReadonlySet<string> = new Set(['timeout', 'memory', 'disk', 'processes']);

export function advice({ result, storedNames }: Pick<FinishedRun, 'result' | 'storedNames'>): string[] {
  if (SAID_BY_STATUS.has(result.status)) return [];
  if (result.hint) return [`💡 ${plainText(result.hint).slice(0, 600)}`];
  if (result.status !== 'error') return [];
  const last = plainText(result.stderr).trimEnd().split('\n').at(-1) ?? '';
  const missing = /^FileNotFoundError: .*'([^']{1,255})'$/.exec(last)?.[1];
  if (missing) return [missingFile(missing, storedNames)];
  if (last.startsWith('NameError:')) {
    return ['💡 Each run starts fresh: variables of an earlier run are gone. Files are kept.'];
  }
  if (/^SyntaxError: invalid character '[“”‘’]'/.test(last)) {
    return [
      '💡 The code has curly quotes, as phone keyboards type them. Python wants straight ones: " and \'.',
    ];
  }
  return [];
}

function missingFile(path: string, storedNames: readonly string[]): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const near = storedNames.find((stored) => stored.toLowerCase() === name.toLowerCase());
  if (near && near !== name) return `💡 You have a file named ${inlineCode(near)}: capitals count.`;
  return `💡 You have no stored file named ${inlineCode(name)}. \`/upload\` stores one; \`/files\` shows what you have.`;
}
