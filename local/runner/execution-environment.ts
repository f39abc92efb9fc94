/**
 * One execution environment: one process, one tenant, one invocation at a time. Stricter than Lambda in one
 * point: while an invocation runs, nobody can fetch it again.
 */
import type { Log } from '../../functions/shared/log.ts';
import type { Ending, KeptProcess } from '../process/kept-process.ts';
import { onLines } from '../process/lines.ts';
import type { FunctionState } from './function-store.ts';
import {
  crashed,
  fail,
  type Invocation,
  type Outcome,
  responseTooLarge,
  succeed,
  timedOut,
} from './invocation.ts';
import { serviceError } from './lambda-errors.ts';
import type { Delivery, Refusal, RuntimeSide } from './runtime-api.ts';

export interface ExecutionEnvironmentOptions {
  readonly state: FunctionState;
  readonly tenantId: string;
  readonly log: Log;
  /** Starts the runtime, which will come back through `side`. */
  readonly start: (side: RuntimeSide) => KeptProcess;
}

/** Lambda gives an initialisation 10 seconds, and then as much again as the function has. */
const MIN_INIT_SECONDS = 10;
/** After its answer, a runtime has nothing to do but to ask for more. */
const LINGER_SECONDS = 5;
/** Of the log that goes with a result. */
const LOG_TAIL_BYTES = 4096;

/** An invocation that was taken on. */
interface Work {
  readonly invocation: Invocation;
  readonly settle: (outcome: Outcome | 'not delivered') => void;
  readonly refuse: (error: Error) => void;
  readonly log: string[];
  /** Unix milliseconds. */
  deliveredAt?: number;
}

/** An invocation that was answered, while the runtime has not come back: its log may still be on the way. */
interface Answered {
  readonly work: Work;
  readonly outcome: Outcome;
  readonly milliseconds: number;
}

export class ExecutionEnvironment {
  readonly state: FunctionState;
  readonly tenantId: string;
  /** Resolves when the process and all that it started are gone. */
  readonly ended: Promise<Ending>;
  readonly #log: Log;
  readonly #process: KeptProcess;
  #initialised = false;
  #initError: Buffer | undefined;
  #work: Work | undefined;
  #answered: Answered | undefined;
  #waiting: ((delivery: Delivery) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over: 'timeout' | 'stopped' | 'crashed' | undefined;

  constructor({ state, tenantId, log, start }: ExecutionEnvironmentOptions) {
    this.state = state;
    this.tenantId = tenantId;
    this.#log = log;
    this.#process = start({
      next: (gone) => this.#next(gone),
      respond: (id, payload) => this.#answer(id, payload ? succeed(payload) : responseTooLarge()),
      reportError: (id, payload) => this.#answer(id, fail(payload)),
      reportInitError: (payload) => this.#acceptInitError(payload),
    });
    const { stdout, stderr, ended } = this.#process;
    for (const stream of [stdout, stderr]) onLines(stream, (line) => this.#record(line));
    this.ended = ended.then((ending) => {
      this.#settleAll(ending);
      return ending;
    });
  }

  /** Free to take an invocation; it may still be on its way back from the one before. */
  get isFree(): boolean {
    return this.#work === undefined && this.#over === undefined;
  }

  /**
   * @returns `not delivered` where the process ended before it could take it: another environment may
   * @throws LambdaError when we are stopped meanwhile
   */
  invoke(invocation: Invocation): Promise<Outcome | 'not delivered'> {
    if (!this.isFree) throw new Error('This execution environment has an invocation already.');
    return new Promise((settle, refuse) => {
      this.#work = { invocation, settle, refuse, log: [] };
      this.#limit(this.#undeliveredSeconds());
      this.#deliver();
    });
  }

  /** Kills it, with whatever it is doing. */
  async end(): Promise<void> {
    this.#over ??= 'stopped';
    await this.#process.end();
    await this.ended;
  }

  #next(gone: AbortSignal): Promise<Delivery> | Refusal {
    if (this.#work?.deliveredAt !== undefined) return refusal('An invocation is running.');
    if (this.#waiting) return refusal('The next invocation is being waited for already.');
    if (this.#over) return refusal('This execution environment is being ended.');
    this.#initialised = true;
    clearTimeout(this.#timer);
    this.#finish();
    return new Promise((resolve) => {
      this.#waiting = resolve;
      gone.addEventListener('abort', () => {
        if (this.#waiting === resolve) this.#waiting = undefined;
      });
      this.#deliver();
    });
  }

  #deliver(): void {
    const work = this.#work;
    const waiting = this.#waiting;
    if (!work || !waiting) return;
    this.#waiting = undefined;
    work.deliveredAt = Date.now();
    this.#limit(this.state.timeoutSeconds);
    this.#record(`START RequestId: ${work.invocation.id} Version: $LATEST`);
    const deadline = work.deliveredAt + this.state.timeoutSeconds * 1000;
    waiting({ invocation: work.invocation, functionArn: this.state.arn, deadline });
  }

  #answer(id: string, outcome: Outcome): Refusal | undefined {
    const work = this.#work;
    if (work?.deliveredAt === undefined || work.invocation.id !== id) {
      return { status: 400, errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' };
    }
    this.#limit(LINGER_SECONDS);
    this.#work = undefined;
    this.#answered = { work, outcome, milliseconds: Date.now() - work.deliveredAt };
    // Its log is complete when the runtime is back; only who asked for it has to wait.
    if (!work.invocation.wantsLog) work.settle(outcome);
    return undefined;
  }

  #acceptInitError(payload: Buffer): Refusal | undefined {
    if (this.#initialised) return refusal('The initialisation is over.');
    this.#initError ??= payload;
    return undefined;
  }

  #finish(): void {
    const answered = this.#answered;
    if (!answered) return;
    // Its last lines come by another way than the call that ends it: let them be read first.
    setImmediate(() => {
      this.#report(answered.work, answered.milliseconds);
      answered.work.settle({ ...answered.outcome, log: tailOf(answered.work.log) });
      if (this.#answered === answered) this.#answered = undefined;
    });
  }

  #limit(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#over ??= 'timeout';
      void this.#process.end();
    }, seconds * 1000);
  }

  #undeliveredSeconds(): number {
    return Math.max(MIN_INIT_SECONDS, this.state.timeoutSeconds);
  }

  #settleAll(ending: Ending): void {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
    this.#over ??= 'crashed';
    this.#finish();
    const work = this.#work;
    this.#work = undefined;
    if (!work) return;
    if (this.#over === 'stopped') {
      work.refuse(serviceError('The runner is being stopped.'));
    } else if (this.#over === 'crashed' && this.#initialised && work.deliveredAt === undefined) {
      work.settle('not delivered');
    } else {
      const outcome = this.#explain(work, ending);
      this.#record(outcome.payload.toString(), work);
      this.#report(work, work.deliveredAt === undefined ? 0 : Date.now() - work.deliveredAt);
      work.settle({ ...outcome, log: tailOf(work.log) });
    }
  }

  #explain({ invocation, deliveredAt }: Work, ending: Ending): Outcome {
    if (this.#over === 'timeout') {
      const seconds = deliveredAt === undefined ? this.#undeliveredSeconds() : this.state.timeoutSeconds;
      return timedOut(invocation.id, seconds);
    }
    return this.#initError ? fail(this.#initError) : crashed(invocation.id, ending);
  }

  #report(work: Work, milliseconds: number): void {
    const { invocation } = work;
    const { memoryMegabytes } = this.state;
    this.#record(`END RequestId: ${invocation.id}`, work);
    this.#record(
      `REPORT RequestId: ${invocation.id} Duration: ${milliseconds} ms Memory Size: ${memoryMegabytes} MB`,
      work,
    );
  }

  #record(line: string, work: Work | undefined = this.#answered?.work ?? this.#work): void {
    this.#log.info(line, { source: this.state.name });
    if (!work?.invocation.wantsLog) return;
    work.log.push(line);
    // Lines can be a character or 16,384: the bound is on their number here and on bytes in the end.
    if (work.log.length > LOG_TAIL_BYTES) work.log.shift();
  }
}

function refusal(errorMessage: string): Refusal {
  return { status: 403, errorType: 'InvalidStateTransition', errorMessage };
}

/** The last bytes of the log. */
function tailOf(lines: readonly string[]): string {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return bytes.subarray(Math.max(0, bytes.length - LOG_TAIL_BYTES)).toString('utf8');
}
