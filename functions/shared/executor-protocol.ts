/**
 * What the worker sends to the executor and what it accepts back.
 * The request is ours and trusted; the answer comes from a process that ran a stranger's code, so it is
 * parsed against a strict schema: sizes, names and types are checked before anything reads them.
 */
import * as z from 'zod';
import type { Limits } from './limits.ts';

/** A stored file for the run: fetched by presigned GET into the working folder under `name`. */
export interface ExecutorInput {
  readonly name: string;
  readonly url: string;
  readonly size: number;
  /** The file's id, by which `load_file` in the code may ask for it as well. */
  readonly id?: string | null;
}

/** A presigned POST for exactly one key; the n-th produced file goes to the n-th slot. */
export interface ExecutorSlot {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface ExecutorLimits {
  readonly time_seconds: number;
  readonly install_seconds: number;
  readonly memory_megabytes: number;
  readonly disk_megabytes: number;
  readonly output_characters: number;
  readonly file_bytes: number;
  readonly files: number;
  readonly processes: number;
}

/** An operator's limits in the executor's words. */
export const executorLimitsOf = (limits: Limits): ExecutorLimits => ({
  time_seconds: limits.timeLimitSeconds,
  install_seconds: limits.installLimitSeconds,
  memory_megabytes: limits.memoryMegabytes,
  disk_megabytes: limits.diskMegabytes,
  output_characters: limits.outputCharacters,
  file_bytes: limits.maxFileBytes,
  files: limits.producedFiles,
  processes: limits.processes,
});

export interface ExecutorRequest {
  readonly version: 1;
  readonly op: 'run';
  readonly run_id: string;
  readonly code: string;
  /** The name that tracebacks show, e.g. `main.py`. */
  readonly code_name: string;
  readonly stdin: string | null;
  readonly inputs: readonly ExecutorInput[];
  readonly outputs: readonly ExecutorSlot[];
  readonly limits: ExecutorLimits;
}

/** How a run ended, in the executor's words. */
export const RUN_STATUSES = [
  'ok', // exit code 0
  'error', // an exception, or another exit code
  'timeout', // wall-clock limit
  'memory', // memory limit
  'disk', // disk limit
  'processes', // too many processes
  'killed', // ended by a signal that we did not send
  'input_failed', // an input file could not be fetched: the code did not run
  'refused', // the executor will not run (no tenant id, malformed request)
  'sandbox_error', // our fault
] as const;

/** Far above what the executor may send (its own caps come first), far below Lambda's 6 MB. */
const MAX_TEXT = 2_000_000;
const name = z.string().min(1).max(255);
const text = z.string().max(MAX_TEXT);

export const ExecutorResultSchema = z.strictObject({
  version: z.literal(1),
  status: z.enum(RUN_STATUSES),
  /** Exit code, or null where a signal or we ended it. */
  exit_code: z.number().int().min(-255).max(255).nullable(),
  /** Signal name such as `SIGSEGV`, where one ended the run. */
  signal: z.string().max(32).nullable(),
  stdout: text,
  stderr: text,
  stdout_truncated: z.boolean(),
  stderr_truncated: z.boolean(),
  /** Wall-clock of the code alone; shown nowhere that matters, ours decides. */
  duration_ms: z.number().min(0).max(3_600_000),
  /** One line for the person where status alone does not say it ("Network access is switched off here"). */
  hint: z.string().max(2_000).nullable(),
  installed_packages: z.array(name).max(400),
  failed_packages: z.array(z.strictObject({ name, reason: z.string().max(1_000) })).max(400),
  files: z
    .array(
      z.strictObject({
        slot: z.number().int().min(0).max(99),
        name,
        size: z.number().int().min(0),
        /** `figure`: an open figure that we saved; `file`: a file that the code wrote. */
        kind: z.enum(['figure', 'file']),
      }),
    )
    .max(100),
  skipped_files: z.array(z.strictObject({ name, reason: z.string().max(500) })).max(100),
});
export type ExecutorResult = z.infer<typeof ExecutorResultSchema>;
