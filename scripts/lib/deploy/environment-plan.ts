/**
 * Decides what a deploy does about the package environment. A deploy never takes back what was promoted: it
 * only brings the first one, completes what an interrupted deploy began, or replaces one that cannot run.
 */
import { environmentOf } from '../../../functions/shared/package-environment.ts';

/** The layer that the stage's pointer leads to. */
export interface LayerInForce {
  readonly layerArn: string;
  /** As published: `Slashbox package environment ID`. */
  readonly description: string;
  /** Lambda's names, e.g. `python3.13`. */
  readonly runtimes: readonly string[];
  readonly architectures: readonly string[];
}

export interface WantedEnvironment {
  readonly id: string;
  readonly python: string;
  readonly architecture: 'arm64' | 'x86_64';
}

export type EnvironmentPlan =
  /** There is none: build, publish, upload. */
  | { readonly action: 'publish' }
  /** It is this checkout's own: bundles that an interrupted deploy left out are uploaded. */
  | { readonly action: 'complete' }
  /** It was promoted since: it stays. */
  | { readonly action: 'keep' }
  /** The stage's Python or architecture has changed, and it cannot serve the new one. */
  | { readonly action: 'replace'; readonly reason: string };

export function planEnvironment(
  current: LayerInForce | undefined,
  wanted: WantedEnvironment,
): EnvironmentPlan {
  if (!current) return { action: 'publish' };
  const { runtimes, architectures, description } = current;
  if (!runtimes.includes(`python${wanted.python}`) || !architectures.includes(wanted.architecture)) {
    return {
      action: 'replace',
      reason: `the environment in force is for ${[...runtimes, ...architectures].join(', ') || 'something else'}`,
    };
  }
  return { action: environmentOf(description) === wanted.id ? 'complete' : 'keep' };
}
