/**
 * What a package environment is called in AWS: keys in the packages' bucket, and the description of the layer
 * version that carries it. The first one of a stage and every later one have this one form.
 */

/** Every object of every environment, but for its bundles; the rebuild can write in these two places only. */
export const ENVIRONMENTS_PREFIX = 'environments/';

/** Bundles, each once for all environments that have it (docs/adr/0014). */
export const BUNDLES_PREFIX = 'bundles/';

/** As layers/approved/store.py makes it: no two contents have one key. */
export const bundleKey = (name: string, version: string, sha256: string): string =>
  `${BUNDLES_PREFIX}${name}-${version}-${sha256}.zip.zst`;

export const environmentPrefix = (environment: string): string => `${ENVIRONMENTS_PREFIX}${environment}/`;

/** Written last: where it is, everything that it names is. */
export const manifestKey = (environment: string): string => `${environmentPrefix(environment)}manifest.json`;

export const layerKey = (environment: string): string => `${environmentPrefix(environment)}layer.zip`;

/** Why the canary refused the environment; there is none where it did not. */
export const refusalKey = (environment: string): string => `${environmentPrefix(environment)}refused.json`;

/** Names the bundles of an environment that a deploy brought; `content` is a hash of what it says. */
export const seedKey = (environment: string, content: string): string =>
  `${environmentPrefix(environment)}seed-${content}.json`;

/** There while bundles that nobody names are removed. Whoever reckons with one that is there waits for its end. */
export const COLLECTION_KEY = `${ENVIRONMENTS_PREFIX}collection.txt`;

/** No collection removes anything later than this after it wrote its key. */
export const COLLECTION_SECONDS = 120;

/** One that began longer ago has died; the minute is for requests under way, and for clocks that differ. */
export const COLLECTION_DEAD_AFTER_SECONDS = 180;

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
