/** An answer of the executor in which all went well and nothing was said. */
import type { ExecutorResult } from '../../functions/shared/executor-protocol.ts';

export const executorResult = (change: Partial<ExecutorResult> = {}): ExecutorResult => ({
  version: 1,
  status: 'ok',
  exit_code: 0,
  signal: null,
  stdout: '',
  stderr: '',
  stdout_truncated: false,
  stderr_truncated: false,
  duration_ms: 1,
  hint: null,
  installed_packages: [],
  failed_packages: [],
  files: [],
  skipped_files: [],
  ...change,
});
