/**
 * Time-outs that fit each other: an interaction's token lives 15 minutes, and whoever waits must hear
 * before it ends (https://discord.com/developers/docs/interactions/receiving-and-responding).
 */
import { LIMIT_RULES, type Limits } from '../functions/shared/limits.ts';

export interface Clocks {
  /** Install, code, and what the executor does around them. */
  readonly executorSeconds: number;
  readonly workerSeconds: number;
  /** After this a waiting event goes to the failure queue instead of the worker. */
  readonly eventAgeSeconds: number;
  /** In words for the operator; empty where all of it fits. */
  readonly mistakes: readonly string[];
}

const EXECUTOR_MARGIN_SECONDS = 30;
const WORKER_MARGIN_SECONDS = 60;
const EVENT_AGE_SECONDS = 120;
/** One of the token's 15 minutes stays for telling the user about a failure. */
const LATEST_ANSWER_SECONDS = 14 * 60;

export function clocksOf({ timeLimitSeconds, installLimitSeconds }: Limits): Clocks {
  const executorSeconds = installLimitSeconds + timeLimitSeconds + EXECUTOR_MARGIN_SECONDS;
  const workerSeconds = executorSeconds + WORKER_MARGIN_SECONDS;
  const most = LATEST_ANSWER_SECONDS - EVENT_AGE_SECONDS - WORKER_MARGIN_SECONDS - EXECUTOR_MARGIN_SECONDS;
  const late = timeLimitSeconds + installLimitSeconds > most;
  return {
    executorSeconds,
    workerSeconds,
    eventAgeSeconds: EVENT_AGE_SECONDS,
    mistakes: late
      ? [
          `a run may take ${timeLimitSeconds} s and installing packages ${installLimitSeconds} s, but together that must be at most ${most} s: Discord forgets a command after 15 minutes. Lower the time limit or the install limit (defaults: ${LIMIT_RULES.timeLimitSeconds.fallback} and ${LIMIT_RULES.installLimitSeconds.fallback}).`,
        ]
      : [],
  };
}
