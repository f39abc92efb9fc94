/**
 * What a package environment is called in AWS: keys in the packages' bucket, and the description of the layer
 * version that carries it. The first one of a stage and every later one have this one form.
 */

/** Every object of every environment; the rebuild can write nowhere else. */
export const ENVIRONMENTS_PREFIX = 'environments/';

export const environmentPrefix = (environment: string): string => `${ENVIRONMENTS_PREFIX}${environment}/`;

/** Written last: where it is, everything that it names is. */
export const manifestKey = (environment: string): string => `${environmentPrefix(environment)}manifest.json`;

export const layerKey = (environment: string): string => `${environmentPrefix(environment)}layer.zip`;

/** Why the canary refused the environment; there is none where it did not. */
export const refusalKey = (environment: string): string => `${environmentPrefix(environment)}refused.json`;

/** How far a rebuild has come, for whoever waits for it. */
export const REBUILD_STATUS_KEY = `${ENVIRONMENTS_PREFIX}status.json`;

const DESCRIPTION = 'Slashbox package environment ';

export const layerDescription = (environment: string): string => `${DESCRIPTION}${environment}`;

/** The environment that a layer version was published for, by its description. */
export function environmentOf(description: string | undefined): string | undefined {
  return description?.startsWith(DESCRIPTION) ? description.slice(DESCRIPTION.length) : undefined;
}

/**
 * What the pointer's history says of each entry: whether a deploy brought the environment, or a promotion (a
 * roll back is one too).
 */
export const pointerNote = (how: 'deployed' | 'promoted', environment: string): string =>
  `${how} ${environment}`;
