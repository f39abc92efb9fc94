/** One invocation and the ways in which it can end, in Lambda's own shapes. */
import type { Ending } from '../process/kept-process.ts';
import { MAX_RESPONSE_BYTES } from './lambda-errors.ts';

export interface Invocation {
  readonly id: string;
  readonly payload: Buffer;
  readonly tenantId: string;
  /** JSON, as the caller sent it, decoded. */
  readonly clientContext: string | undefined;
  readonly traceId: string;
  /** Whether the caller wants the last lines of the log. */
  readonly wantsLog: boolean;
}

export interface Outcome {
  readonly payload: Buffer;
  /** Set where the payload describes an error. Lambda knows no other value since 2019. */
  readonly functionError?: 'Unhandled';
  /** The end of the invocation's log, where it was asked for. */
  readonly log?: string;
}

export function succeed(payload: Buffer): Outcome {
  return { payload };
}

/** @param payload what the runtime itself said about the error */
export function fail(payload: Buffer): Outcome {
  return { payload, functionError: 'Unhandled' };
}

export function timedOut(id: string, seconds: number): Outcome {
  return describe(
    'Sandbox.Timedout',
    `RequestId: ${id} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  );
}

export function responseTooLarge(): Outcome {
  return describe(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
  );
}

/** The process ended while it had an invocation. */
export function crashed(id: string, { code, signal }: Ending): Outcome {
  const how =
    signal !== null
      ? `Runtime exited with error: signal: ${SIGNAL_WORDS[signal] ?? signal}`
      : code === 0
        ? 'Runtime exited without providing a reason'
        : `Runtime exited with error: exit status ${code}`;
  return describe('Runtime.ExitError', `RequestId: ${id} Error: ${how}`);
}

/** As Go words them, which Lambda's own supervisor is written in. */
const SIGNAL_WORDS: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGILL: 'illegal instruction',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};

function describe(errorType: string, errorMessage: string): Outcome {
  return fail(Buffer.from(JSON.stringify({ errorType, errorMessage })));
}
