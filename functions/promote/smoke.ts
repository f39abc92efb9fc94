/**
 * The canary's second part: small programs (layers/approved/smoke) that do what people do, and what they must
 * not be able to do, each with the end that it has to come to.
 */
import type { ExecutorLimits, ExecutorResult } from '../shared/executor-protocol.ts';
import { lastLine } from './imports.ts';
import { isAvailable, type Manifest } from './manifest.ts';

export interface SmokeCase {
  /** Its file, without `.py`. */
  readonly name: string;
  /** Distributions without which it cannot run; an environment of a few packages may lack them. */
  readonly needs: readonly string[];
  readonly limits?: Partial<ExecutorLimits>;
  readonly expected: ExecutorResult['status'];
}

export const SMOKE_CASES: readonly SmokeCase[] = [
  { name: 'chart', needs: ['matplotlib'], expected: 'ok' },
  { name: 'table', needs: ['pandas'], expected: 'ok' },
  { name: 'workbook', needs: ['openpyxl', 'pandas'], expected: 'ok' },
  { name: 'model', needs: ['numpy', 'scikit-learn'], expected: 'ok' },
  { name: 'endless', needs: [], limits: { time_seconds: 2 }, expected: 'timeout' },
  { name: 'hungry', needs: [], limits: { memory_megabytes: 256 }, expected: 'memory' },
  { name: 'caller', needs: [], expected: 'ok' },
];

/**
 * @param system of the machine that runs the executor. macOS has no kernel layer that shuts the network, and
 *   the local system says so when it starts; a new environment is not to blame.
 */
export function applicableCases(manifest: Manifest, system: NodeJS.Platform): SmokeCase[] {
  return SMOKE_CASES.filter(
    ({ name, needs }) =>
      needs.every((distribution) => isAvailable(manifest, distribution)) &&
      !(name === 'caller' && system === 'darwin'),
  );
}

/** @returns what went wrong, in one line; undefined where it ended as it has to */
export function smokeProblem(
  { name, expected }: SmokeCase,
  result: ExecutorResult | undefined,
): string | undefined {
  if (!result) return `${name}: the executor crashed`;
  if (result.status !== expected)
    return `${name}: ${result.status} instead of ${expected}${lastLine(result)}`;
  const passed = expected !== 'ok' || result.stdout.trim().split('\n').at(-1) === 'passed';
  return passed ? undefined : `${name}: it ended without having passed`;
}
