/**
 * Every limit an operator can set, in one typed place: name, unit, default, and the environment
 * variable that lowers or raises it. docs/operations.md is checked against this table by a test.
 */

export interface Limits {
  /** Seconds of wall-clock time that a user's code may run. */
  readonly timeLimitSeconds: number;
  /** Seconds that fetching and unpacking missing packages may take. */
  readonly installLimitSeconds: number;
  /** Megabytes (2^20 bytes) of memory for the whole process tree of a run. */
  readonly memoryMegabytes: number;
  /** Megabytes that a run itself may write; its inputs and packages do not count. */
  readonly diskMegabytes: number;
  /** Characters of output kept of one run, stdout and stderr each. */
  readonly outputCharacters: number;
  /** Seconds that a stored or produced file is kept. */
  readonly fileLifetimeSeconds: number;
  /** Uploads that one user may have at a time; one more makes the oldest go. */
  readonly maxFiles: number;
  /** Bytes of one file, uploaded or produced. */
  readonly maxFileBytes: number;
  /** Files that one run may produce; the rest are named with the reason. */
  readonly producedFiles: number;
  /** Bytes of produced files that one user may have stored at a time; the oldest of them make room. */
  readonly producedBytes: number;
  /** Stored and attached files put into one run. */
  readonly inputFiles: number;
  /** Processes and threads of one run. */
  readonly processes: number;
}

interface LimitRule {
  readonly variable: string;
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly what: string;
}

/** Bounds follow the platform: Lambda's 15 minutes, /tmp and memory sizes, 1,024 processes, 6 MB response. */
export const LIMIT_RULES: Readonly<Record<keyof Limits, LimitRule>> = {
  timeLimitSeconds: {
    variable: 'SLASHBOX_TIME_LIMIT_S',
    fallback: 300,
    min: 1,
    max: 500,
    what: 'seconds a run may take',
  },
  installLimitSeconds: {
    variable: 'SLASHBOX_INSTALL_LIMIT_S',
    fallback: 120,
    min: 1,
    max: 200,
    what: 'seconds that installing missing packages may take',
  },
  memoryMegabytes: {
    variable: 'SLASHBOX_MEMORY_MB',
    fallback: 2048,
    min: 128,
    max: 9216,
    what: 'MB of memory for a run',
  },
  diskMegabytes: {
    variable: 'SLASHBOX_DISK_MB',
    fallback: 512,
    min: 1,
    max: 8192,
    what: 'MB of disk that a run may write',
  },
  outputCharacters: {
    variable: 'SLASHBOX_OUTPUT_CHARS',
    fallback: 100_000,
    min: 1_000,
    max: 1_000_000,
    what: 'characters of output kept',
  },
  fileLifetimeSeconds: {
    variable: 'SLASHBOX_FILE_LIFETIME_S',
    fallback: 172_800,
    min: 1,
    max: 604_800,
    what: 'seconds that a file is kept',
  },
  maxFiles: { variable: 'SLASHBOX_MAX_FILES', fallback: 20, min: 1, max: 100, what: 'uploads per user' },
  maxFileBytes: {
    variable: 'SLASHBOX_MAX_FILE_BYTES',
    fallback: 52_428_800,
    min: 1,
    max: 536_870_912,
    what: 'bytes of one file',
  },
  producedFiles: {
    variable: 'SLASHBOX_PRODUCED_FILES',
    fallback: 25,
    min: 1,
    max: 100,
    what: 'files that a run may produce',
  },
  producedBytes: {
    variable: 'SLASHBOX_PRODUCED_BYTES',
    fallback: 524_288_000,
    min: 1,
    max: 10_737_418_240,
    what: 'bytes of produced files per user',
  },
  inputFiles: {
    variable: 'SLASHBOX_INPUT_FILES',
    fallback: 10,
    min: 1,
    max: 50,
    what: 'files put into a run',
  },
  processes: {
    variable: 'SLASHBOX_PROCESSES',
    fallback: 64,
    min: 4,
    max: 900,
    what: 'processes and threads of a run',
  },
};

/** A setting that cannot be used; the message is for the operator. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

/**
 * Reads limits from environment variables; what is unset or empty takes its default.
 * @throws LimitError naming the variable, the value and the bounds
 */
export function readLimits(environment: Readonly<Record<string, string | undefined>>): Limits {
  const read = ({ variable, fallback, min, max, what }: LimitRule): number => {
    const text = environment[variable]?.trim();
    if (!text) return fallback;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new LimitError(
        `${variable} is "${text}", but ${what} must be a whole number from ${min} to ${max}. Change it or leave it unset for ${fallback}.`,
      );
    }
    return value;
  };
  return Object.fromEntries(
    Object.entries(LIMIT_RULES).map(([name, rule]) => [name, read(rule)]),
  ) as unknown as Limits;
}

/** The inverse of {@link readLimits}: what a deployment puts into its functions' environment. */
export function writeLimits(limits: Limits): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(LIMIT_RULES) as (keyof Limits)[]).map((name) => [
      LIMIT_RULES[name].variable,
      String(limits[name]),
    ]),
  );
}
