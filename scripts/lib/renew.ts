/** Follows a renewal from the first word to its end: rebuild, canary, promotion. Each may be done already. */
import { OperatorError } from './arguments.ts';

/** What the rebuild says about itself in the packages' bucket (functions/rebuild/app.py). */
export interface RebuildStatus {
  readonly request: string;
  readonly state: 'resolving' | 'building' | 'built' | 'finished' | 'unchanged' | 'failed';
  readonly environment: string | null;
  readonly message: string;
}

export interface RenewPorts {
  readonly startRebuild: (order: RebuildOrder) => Promise<void>;
  readonly readStatus: () => Promise<RebuildStatus | undefined>;
  /** For an environment whose manifest arrived long ago. */
  readonly promote: (environment: string, again: boolean) => Promise<string>;
  readonly readInForce: () => Promise<string | undefined>;
  readonly readRefusal: (environment: string) => Promise<readonly string[] | undefined>;
  readonly say: (line: string) => void;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface RebuildOrder {
  /** Repeated in the status of this renewal, and of no other. */
  readonly request: string;
  /** Approved packages instead of the whole list. */
  readonly only: readonly string[];
  /** Distributions that may go back to an earlier release. */
  readonly accepted: readonly string[];
}

const POLL_MS = 1_000;
/** A function that says nothing in it has not started. */
const START_PATIENCE_MS = 120_000;
/** Between two words: an invocation of fifteen minutes, and the next one's start. */
const PATIENCE_MS = 20 * 60_000;
const STAYS = 'The environment in force stays as it is.';

/**
 * @param again tries an environment that was refused, or rolled back from, once more
 * @throws OperatorError where nothing new came into force, in words
 */
export async function renew(
  order: RebuildOrder,
  { again }: { readonly again: boolean },
  ports: RenewPorts,
): Promise<void> {
  await ports.startRebuild(order);
  const { state, environment, message } = await followRebuild(order.request, ports);
  if (state === 'unchanged')
    return ports.say(`Nothing is newer than the environment in force, ${environment}.`);
  if (state === 'failed' || environment === null)
    throw new OperatorError(`the rebuild failed: ${message}. ${STAYS}`);
  if (state === 'built') {
    ports.say(`The environment ${environment} is built, and is being tried.`);
    await followPromotion(environment, ports);
  } else {
    ports.say(`The environment ${environment} was built before, and is being tried.`);
    const outcome = await ports.promote(environment, again);
    if (outcome === 'refused before') throw await refusal(environment, ports);
  }
  ports.say(`The environment ${environment} is in force.`);
}

async function followRebuild(request: string, ports: RenewPorts): Promise<RebuildStatus> {
  let last = '';
  let patience = START_PATIENCE_MS;
  for (let heard = ports.now(); ports.now() - heard < patience; await ports.wait(POLL_MS)) {
    const status = await ports.readStatus();
    if (status?.request !== request || status.message === last) continue;
    if (status.state !== 'resolving' && status.state !== 'building') return status;
    heard = ports.now();
    patience = PATIENCE_MS;
    last = status.message;
    ports.say(last);
  }
  throw new OperatorError(`the rebuild says nothing; its log says why. ${STAYS}`);
}

async function followPromotion(environment: string, ports: RenewPorts): Promise<void> {
  for (const since = ports.now(); ports.now() - since < PATIENCE_MS; await ports.wait(POLL_MS)) {
    if ((await ports.readInForce()) === environment) return;
    if (await ports.readRefusal(environment)) throw await refusal(environment, ports);
  }
  throw new OperatorError(
    `the environment ${environment} was not promoted; the log of "promote" says why. ${STAYS}`,
  );
}

async function refusal(environment: string, ports: RenewPorts): Promise<OperatorError> {
  const reasons = (await ports.readRefusal(environment)) ?? ['it was rolled back from'];
  return new OperatorError(
    `the environment ${environment} was refused. ${STAYS} To try it once more, add --again.\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  );
}
