/** One line that says in words how a run ended; colour and emoji only repeat it. */
import type { ExecutorResult } from '../../shared/executor-protocol.ts';
import type { Limits } from '../../shared/limits.ts';
import { formatSeconds } from './format.ts';

/** Signals that a program's author may meet, in words. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGSEGV: 'it accessed memory that is not its own (SIGSEGV)',
  SIGABRT: 'it aborted itself (SIGABRT)',
  SIGFPE: 'an arithmetic error in compiled code (SIGFPE)',
  SIGILL: 'an instruction that this processor does not know (SIGILL)',
  SIGBUS: 'a memory error (SIGBUS)',
  SIGKILL: 'it was killed (SIGKILL)',
  SIGTERM: 'it was asked to end (SIGTERM)',
  SIGXCPU: 'it used up its processor time (SIGXCPU)',
  SIGXFSZ: 'it wrote a file larger than allowed (SIGXFSZ)',
};

/** @param milliseconds by our own clock */
export function statusLine(result: ExecutorResult, milliseconds: number, limits: Limits): string {
  const time = formatSeconds(milliseconds);
  switch (result.status) {
    case 'ok':
      return `✅ **Finished** in ${time}`;
    case 'error':
      return `❌ **Failed** after ${time} · exit code ${result.exit_code ?? '?'}${whatAndWhere(result)}`;
    case 'timeout':
      return `⏱️ **Stopped** after ${formatSeconds(limits.timeLimitSeconds * 1000)}, the time limit. What it printed until then is kept.`;
    case 'memory':
      return `💾 **Out of memory** after ${time}: a run may use ${limits.memoryMegabytes} MB.`;
    case 'disk':
      return `💽 **Out of disk** after ${time}: a run may write ${limits.diskMegabytes} MB.`;
    case 'processes':
      return `🧵 **Too many processes** after ${time}: the code started more than it may.`;
    case 'killed':
      return `💥 **Crashed** after ${time}: ${(result.signal && SIGNALS[result.signal]) ?? 'it was ended by a signal'}.`;
    case 'input_failed':
      return '❌ **Your code did not run:** one of its files could not be fetched. Try again; `/files` shows what is stored.';
    case 'refused':
    case 'sandbox_error':
      return '💥 **Your code did not run:** the sandbox had a problem of its own. Try again in a minute.';
  }
}

/** `` · `NameError` on line 3 ``, from the traceback's last lines. */
function whatAndWhere({ stderr }: ExecutorResult): string {
  const tail = stderr.slice(-4_000);
  const exception =
    /^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration))\b[^\n]*\s*$/m.exec(
      tail.split('\n').slice(-12).join('\n'),
    )?.[1];
  if (!exception) return '';
  const [, cell, line] =
    [...tail.matchAll(/^\s*(?:File "[^"\n]*"|In (cell \d{1,5})), line (\d{1,7})/gm)].at(-1) ?? [];
  return ` · \`${exception.slice(-60)}\`${line ? ` on line ${line}${cell ? ` of ${cell}` : ''}` : ''}`;
}
