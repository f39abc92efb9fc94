/** What keeps `npm start` from starting, in one line for the person at the keyboard. */
import type { Settings } from '../../local/settings.ts';
import { OperatorError } from './arguments.ts';

/** @returns an OperatorError where the reason is known, otherwise the error as it is */
export function explainStartError(error: unknown, { port, home }: Pick<Settings, 'port' | 'home'>): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case 'EADDRINUSE':
      return new OperatorError(
        `port ${port} is taken by another program. Stop it, or choose another port: PORT=${port === 65_535 ? 8787 : port + 1} npm start`,
        { cause: error },
      );
    case 'EACCES':
      if ((error as NodeJS.ErrnoException).syscall !== 'listen') return cannotWrite(home, code, error);
      return new OperatorError(
        `port ${port} needs rights that you do not have. Choose one above 1023 with PORT.`,
        {
          cause: error,
        },
      );
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
      return cannotWrite(home, code, error);
    case 'ENOSPC':
      return new OperatorError(
        `the disk with ${home} is full. Make room, or set SLASHBOX_HOME to another folder.`,
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}

const cannotWrite = (home: string, code: string, cause: unknown): OperatorError =>
  new OperatorError(
    `the folder ${home} cannot be written (${code}). Make it writable, or set SLASHBOX_HOME to another.`,
    { cause },
  );
