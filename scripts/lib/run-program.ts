/** Runs one program of ours to its end, with this process's own input and output, and passes signals on. */
import { spawn } from 'node:child_process';

export interface ProgramEnd {
  /** How it ended, in words, unless with exit code 0. */
  readonly problem?: string;
  /** We were asked to stop meanwhile: what follows should not start. */
  readonly interrupted: boolean;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' });
    let interrupted = false;
    const passOn = (signal: NodeJS.Signals) => {
      interrupted = true;
      // A terminal has sent it to the child already, and many programs take a second one for "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    const end = (problem: string | undefined) => {
      for (const signal of SIGNALS) process.off(signal, passOn);
      resolve(problem === undefined ? { interrupted } : { problem, interrupted });
    };
    child.once('error', (error) => end(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => end(code === 0 ? undefined : endInWords(code, signal)));
  });
}

function endInWords(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `ended by ${signal}` : `exit code ${code}`;
}
