/**
 * Removes what nobody needs any more: folders of environments, their layer versions, and the bundles that no
 * environment's documents name. One collection at a time, and each says that it is at work: docs/adr/0014 has
 * the argument why nothing is lost, whoever builds, crashes or comes late.
 */
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { COLLECTION_DEAD_AFTER_SECONDS, COLLECTION_SECONDS } from '../shared/package-environment.ts';
import { UnreadableNamesError } from './bundle-names.ts';
import {
  type LayerVersion,
  planCollection,
  planPrune,
  type StoredBundle,
  type StoredEnvironment,
} from './prune.ts';

export interface EnvironmentFolder extends StoredEnvironment {
  /** Keys of what names its bundles. */
  readonly documents: readonly string[];
  /** Whether bundles lie in the folder itself, as they did before they were shared. */
  readonly ownBundles: boolean;
}

/** The mark of a collection at work. */
export interface CollectionMark {
  /** Changes with each collection. */
  readonly tag: string;
  /** Unix seconds. */
  readonly writtenAt: number;
}

export interface PrunePorts {
  readonly listEnvironments: () => Promise<readonly EnvironmentFolder[]>;
  readonly removeEnvironment: (environment: string) => Promise<void>;
  readonly listLayers: () => Promise<readonly LayerVersion[]>;
  readonly removeLayer: (version: LayerVersion) => Promise<void>;
  /** ARNs that the pointer has led to, oldest first; the last one is in force. */
  readonly readHistory: () => Promise<readonly string[]>;
  /** ARNs in the parameters of this stage's stack. */
  readonly layersInStacks: () => Promise<readonly string[]>;

  readonly listBundles: () => Promise<readonly StoredBundle[]>;
  /** @throws UnreadableNamesError */
  readonly readBundleNames: (document: string) => Promise<readonly string[]>;
  /** At most a thousand. */
  readonly removeBundles: (keys: readonly string[]) => Promise<void>;

  readonly readMark: () => Promise<CollectionMark | undefined>;
  /** @param over tag of the mark to replace; without one there may be none. @returns false where it is otherwise */
  readonly writeMark: (over: string | undefined) => Promise<boolean>;
  readonly removeMark: () => Promise<void>;

  readonly wait: (seconds: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

const POLL_SECONDS = 5;
/** Longer than a dead collection's mark counts. */
const PATIENCE_SECONDS = 240;
const KEYS_A_REQUEST = 1_000;

/** The next collection goes on from what is left. */
class OutOfTimeError extends Error {}

/** @throws whatever a port throws; its mark then counts until it is old, as a request may still be under way */
export async function prune(ports: PrunePorts): Promise<void> {
  const until = await beginCollection(ports);
  if (until === undefined) return ports.log.warn('[Promote] not pruned: another promotion is pruning');
  const limited = limit(ports, until);
  try {
    await collectBundles(await removeEnvironments(limited), limited);
    await limited.removeMark();
  } catch (error) {
    if (!(error instanceof OutOfTimeError)) throw error;
    ports.log.warn('[Promote] there was no time to prune all: the next promotion goes on');
  }
}

/** @returns until when things may be removed, in unix seconds; undefined where somebody else is at it */
async function beginCollection(ports: PrunePorts): Promise<number | undefined> {
  const patience = ports.clock() + PATIENCE_SECONDS;
  for (; ports.clock() < patience; await ports.wait(POLL_SECONDS)) {
    const mark = await ports.readMark();
    if (mark && ports.clock() - mark.writtenAt < COLLECTION_DEAD_AFTER_SECONDS) continue;
    const until = ports.clock() + COLLECTION_SECONDS;
    if (await ports.writeMark(mark?.tag)) return until;
  }
  return undefined;
}

/** The same ports, but nothing is removed when the mark may count as old. */
function limit(ports: PrunePorts, until: number): PrunePorts {
  const inTime =
    <T extends readonly unknown[]>(remove: (...what: T) => Promise<void>) =>
    async (...what: T): Promise<void> => {
      if (ports.clock() > until) throw new OutOfTimeError();
      await remove(...what);
    };
  return {
    ...ports,
    removeEnvironment: inTime(ports.removeEnvironment),
    removeLayer: inTime(ports.removeLayer),
    removeBundles: inTime(ports.removeBundles),
    removeMark: inTime(ports.removeMark),
  };
}

/** Folders first: what a crash leaves is found by the version that still names it. @returns what stays */
async function removeEnvironments(ports: PrunePorts): Promise<readonly string[]> {
  const [versions, stored, history, inStacks] = await Promise.all([
    ports.listLayers(),
    ports.listEnvironments(),
    ports.readHistory(),
    ports.layersInStacks(),
  ]);
  const plan = planPrune({ versions, stored, history, inStacks, now: ports.clock() });
  for (const environment of plan.environments) await ports.removeEnvironment(environment);
  for (const version of plan.versions) await ports.removeLayer(version);
  if (plan.versions.length || plan.environments.length) {
    ports.log.info('[Promote] pruned', {
      layers: plan.versions.length,
      environments: plan.environments.join(' '),
    });
  }
  return plan.kept;
}

/** After the folders: only then do their documents no longer name anything. */
async function collectBundles(kept: readonly string[], ports: PrunePorts): Promise<void> {
  const [bundles, folders] = await Promise.all([ports.listBundles(), ports.listEnvironments()]);
  const named = await readNames(kept, folders, ports);
  if (!named) return;
  const garbage = planCollection(bundles, named, ports.clock());
  for (let start = 0; start < garbage.length; start += KEYS_A_REQUEST) {
    await ports.removeBundles(garbage.slice(start, start + KEYS_A_REQUEST));
  }
  if (garbage.length)
    ports.log.info('[Promote] removed bundles that no environment names', { bundles: garbage.length });
}

/** @returns undefined, and says why, where it is not known for certain what is needed */
async function readNames(
  kept: readonly string[],
  folders: readonly EnvironmentFolder[],
  ports: PrunePorts,
): Promise<ReadonlySet<string> | undefined> {
  const told = new Set(
    folders
      .filter(({ documents, ownBundles }) => documents.length || ownBundles)
      .map(({ environment }) => environment),
  );
  const unknown = kept.length ? kept.find((environment) => !told.has(environment)) : 'the one in force';
  if (unknown !== undefined) {
    ports.log.warn('[Promote] no bundles removed: nothing says which ones an environment needs', {
      environment: unknown,
    });
    return undefined;
  }
  const named = new Set<string>();
  try {
    for (const document of folders.flatMap(({ documents }) => documents)) {
      for (const key of await ports.readBundleNames(document)) named.add(key);
    }
  } catch (error) {
    if (!(error instanceof UnreadableNamesError)) throw error;
    ports.log.warn('[Promote] no bundles removed: a document cannot be read', {}, error);
    return undefined;
  }
  return named;
}
