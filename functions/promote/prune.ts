/** Decides which environments go: the newest few stay, and whatever is, was last, or may come into use. */

export interface LayerVersion {
  readonly arn: string;
  /** Counts up, so the newest has the highest. */
  readonly number: number;
  readonly environment: string;
}

export interface StoredEnvironment {
  readonly environment: string;
  /** Unix seconds of its newest object. */
  readonly changedAt: number;
}

export interface PruneInput {
  readonly versions: readonly LayerVersion[];
  /** In the packages' bucket. */
  readonly stored: readonly StoredEnvironment[];
  /** ARNs that the pointer has led to, oldest first; the last one is in force. */
  readonly history: readonly string[];
  /** ARNs that a stack's parameters hold: CloudFormation goes back to them when an update fails. */
  readonly inStacks: readonly string[];
  /** Unix seconds. */
  readonly now: number;
}

export interface PrunePlan {
  readonly versions: readonly LayerVersion[];
  readonly environments: readonly string[];
  /** Environments that have a layer version and keep it; none where nobody knows what is in force. */
  readonly kept: readonly string[];
}

export interface StoredBundle {
  readonly key: string;
  /** Unix seconds. */
  readonly changedAt: number;
}

export const KEPT_ENVIRONMENTS = 8;
/** Without a layer version it is being built, or was given up. */
const ABANDONED_AFTER_SECONDS = 14 * 86_400;
/** A rebuild names what it uploaded seconds later, or does so when it goes on after a crash. */
export const GRACE_SECONDS = 3 * 86_400;

export function planPrune({ versions, stored, history, inStacks, now }: PruneInput): PrunePlan {
  const inForce = history.at(-1);
  const previous = history.findLast((arn) => arn !== inForce);
  const newestFirst = [...versions].sort((one, other) => other.number - one.number);
  const newest = newestFirst.filter(({ arn }) => history.includes(arn)).slice(0, KEPT_ENVIRONMENTS);
  const current = versions.find(({ arn }) => arn === inForce);
  if (!current) return { versions: [], environments: [], kept: [] };
  const kept = new Set([...newest.map(({ arn }) => arn), inForce, previous, ...inStacks]);
  // What is newer than the one in force is being tried, was refused, or was rolled back from.
  const stays = ({ arn, number }: LayerVersion) => kept.has(arn) || number > current.number;

  const environments = new Set(versions.filter(stays).map(({ environment }) => environment));
  const known = new Set(versions.map(({ environment }) => environment));
  return {
    versions: versions.filter((version) => !stays(version)),
    environments: stored
      .filter(({ environment }) => !environments.has(environment))
      .filter(
        ({ environment, changedAt }) => known.has(environment) || now - changedAt > ABANDONED_AFTER_SECONDS,
      )
      .map(({ environment }) => environment),
    kept: [...environments],
  };
}

/** The bundles that can go: `named` are the keys that the documents of every environment name. */
export function planCollection(
  bundles: readonly StoredBundle[],
  named: ReadonlySet<string>,
  now: number,
): string[] {
  return bundles
    .filter(({ key, changedAt }) => !named.has(key) && now - changedAt > GRACE_SECONDS)
    .map(({ key }) => key);
}
