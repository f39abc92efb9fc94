/** A run as a user's would be, asked of a function of the executor's shape by the canary. */
import {
  type ExecutorLimits,
  type ExecutorRequest,
  type ExecutorResult,
  executorLimitsOf,
} from '../shared/executor-protocol.ts';
import type { Limits } from '../shared/limits.ts';

/** The two functions of one shape: where a new environment is tried, and where users' code runs. */
export type Runner = 'candidate' | 'executor';

/**
 * Runs code in the execution environment of a tenant.
 * @returns undefined where the environment died or answered with something that is not a result
 */
export type RunCode = (
  runner: Runner,
  tenant: string,
  request: ExecutorRequest,
) => Promise<ExecutorResult | undefined>;

/** A request without files, under the stage's limits or lower ones. */
export function requestOf(
  name: string,
  code: string,
  limits: Limits,
  lower: Partial<ExecutorLimits> = {},
): ExecutorRequest {
  return {
    version: 1,
    op: 'run',
    run_id: `canary-${name}`,
    code,
    code_name: 'main.py',
    stdin: null,
    inputs: [],
    outputs: [],
    limits: { ...executorLimitsOf(limits), ...lower },
  };
}
