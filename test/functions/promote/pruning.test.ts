import fc, { type Scheduler } from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { promote, rollBack } from '../../../functions/promote/app.ts';
import { UnreadableNamesError } from '../../../functions/promote/bundle-names.ts';
import { GRACE_SECONDS, KEPT_ENVIRONMENTS } from '../../../functions/promote/prune.ts';
import { prune } from '../../../functions/promote/pruning.ts';
import {
  COLLECTION_DEAD_AFTER_SECONDS,
  COLLECTION_SECONDS,
  manifestKey,
} from '../../../functions/shared/package-environment.ts';
import { Crash, idOf, Stage } from './support.ts';

const DAY = 86_400;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
  inForce(1, ['a', 'b']);
  for (const key of ['a', 'b', 'c']) stage.bundles.set(key, stage.now - 9 * DAY);
});

function inForce(number: number, names: readonly string[]): void {
  stage.putInForce(idOf(number));
  stage.names.set(manifestKey(idOf(number)), names);
}

const left = () => [...stage.bundles.keys()].join('');

describe('pruning bundles', () => {
  it('removes those that no environment names', async () => {
    await prune(stage.ports);
    expect(left()).toBe('ab');
    expect(stage.mark).toBeUndefined();
  });

  it('leaves alone those that a rebuild may be about to name', async () => {
    stage.bundles.set('c', stage.now - GRACE_SECONDS + 1);
    await prune(stage.ports);
    expect(left()).toBe('abc');
  });

  it('removes those of an environment together with it, but for what others share', async () => {
    stage.names.set(manifestKey(idOf(1)), ['a', 'c']);
    for (let number = 2; number <= KEPT_ENVIRONMENTS + 1; number++) inForce(number, ['a', 'b']);
    await prune(stage.ports);
    expect(stage.stored.map(({ environment }) => environment)).not.toContain(idOf(1));
    expect(left()).toBe('ab');
  });

  it('keeps those of one that is being built, or was given up lately', async () => {
    stage.store(idOf(2));
    stage.names.set(manifestKey(idOf(2)), ['c']);
    await prune(stage.ports);
    expect(left()).toBe('abc');
  });

  it('removes nothing while a document cannot be read, and says so', async () => {
    const readBundleNames = async () => {
      throw new UnreadableNamesError('progress.json is damaged, or of another version');
    };
    await prune({ ...stage.ports, readBundleNames });
    expect(left()).toBe('abc');
    expect(stage.lines.join()).toContain('progress.json is damaged');
    expect(stage.mark).toBeUndefined();
  });

  it('removes nothing while nothing is known of an environment that is kept', async () => {
    inForce(2, []);
    stage.stored = stage.stored.map((folder) => ({ ...folder, documents: [] }));
    await prune(stage.ports);
    expect(left()).toBe('abc');
    expect(stage.lines.join()).toContain('nothing says which ones an environment needs');
  });

  it('needs no document of one that has its bundles in its own folder', async () => {
    inForce(2, ['a']);
    stage.stored = stage.stored.map((folder) =>
      folder.environment === idOf(1) ? { ...folder, documents: [], ownBundles: true } : folder,
    );
    await prune(stage.ports);
    expect(left()).toBe('a');
  });

  it('removes nothing while nobody knows what is in force', async () => {
    stage.history.push('arn:gone');
    await prune(stage.ports);
    expect(left()).toBe('abc');
  });
});

describe('one collection at a time', () => {
  it('waits for another one to end', async () => {
    const mark = { tag: 'theirs', writtenAt: stage.now };
    stage.mark = mark;
    const wait = async (seconds: number) => {
      stage.now += seconds;
      if (stage.now - mark.writtenAt > 30) stage.mark = undefined;
    };
    await prune({ ...stage.ports, wait });
    expect(left()).toBe('ab');
  });

  it('takes over from one that died', async () => {
    stage.mark = { tag: 'theirs', writtenAt: stage.now };
    const began = stage.now;
    await prune(stage.ports);
    expect(stage.now - began).toBeGreaterThanOrEqual(COLLECTION_DEAD_AFTER_SECONDS);
    expect([left(), stage.mark]).toEqual(['ab', undefined]);
  });

  it('leaves it to the others where they do not come to an end', async () => {
    const ports = stage.ports;
    const readMark = async () => ({ tag: 'theirs', writtenAt: stage.now });
    await prune({ ...ports, readMark });
    expect(left()).toBe('abc');
    expect(stage.lines.join()).toContain('another promotion is pruning');
  });

  it('stops before its mark may count as old', async () => {
    const listBundles = async () => {
      stage.now += COLLECTION_SECONDS + 1;
      return stage.ports.listBundles();
    };
    await prune({ ...stage.ports, listBundles });
    expect(left()).toBe('abc');
    expect(stage.mark).toBeDefined();
    await prune(stage.ports);
    expect(left()).toBe('ab');
  });
});

/** A stage in which everything is done in turns that fast-check gives out, and what builds beside it. */
class Busy extends Stage {
  readonly finished = new Set<string>();
  readonly #turns: Scheduler;

  constructor(turns: Scheduler) {
    super();
    this.#turns = turns;
  }

  turn(): Promise<void> {
    return this.#turns.schedule(Promise.resolve());
  }

  override get ports() {
    const ports = super.ports;
    /** A removal is carried out when it is asked for: requests that take longer are given up. */
    const removes = new Set(['removeBundles', 'removeEnvironment', 'removeMark', 'removeLayer']);
    const busy = Object.entries(ports).map(([name, port]) => {
      if (typeof port !== 'function' || name === 'clock') return [name, port];
      const call = port as (...values: unknown[]) => Promise<unknown>;
      const inTurn = async (...values: unknown[]) => {
        if (removes.has(name)) return call(...values).finally(() => this.turn());
        await this.turn();
        return call(...values);
      };
      return [name, inTurn];
    });
    const own = Object.fromEntries(busy) as typeof ports;
    return {
      ...own,
      removeBundles: async (keys: readonly string[]) => {
        for (const key of keys) expect(this.neededBy(key), `${key} was removed`).toEqual([]);
        await own.removeBundles(keys);
      },
      removeEnvironment: async (environment: string) => {
        for (const document of documentsOf(environment)) this.names.delete(document);
        this.finished.delete(environment);
        await own.removeEnvironment(environment);
      },
    };
  }

  /** Finished environments, which nobody will look after again. */
  neededBy(bundle: string): string[] {
    return [...this.finished].filter((environment) => this.namedBy(environment).has(bundle));
  }

  namedBy(environment: string): Set<string> {
    return new Set(documentsOf(environment).flatMap((document) => this.names.get(document) ?? []));
  }

  /** As functions/rebuild/builder.py does it. */
  async rebuild(environment: string, wanted: readonly string[]): Promise<boolean> {
    const [, progress = ''] = documentsOf(environment);
    const taken = [...this.namedBy(this.inForce ?? '')].filter((key) => wanted.includes(key));
    await this.turn();
    this.store(environment);
    const save = async (): Promise<boolean> => {
      await this.turn();
      if (!this.stored.some((folder) => folder.environment === environment)) return false;
      this.names.set(progress, [...taken]);
      return true;
    };
    for (let round = 0; round < 3; round++) {
      if (!(await save())) return false;
      for (; this.mark && this.now - this.mark.writtenAt < COLLECTION_DEAD_AFTER_SECONDS; this.now += 5)
        await this.turn();
      if (!(await save())) return false;
      const absent: string[] = [];
      for (const key of wanted) {
        await this.turn();
        if (!taken.includes(key) || !this.bundles.has(key)) absent.push(key);
      }
      if (!absent.length) {
        await this.turn();
        this.names.set(manifestKey(environment), wanted);
        this.finish(environment);
        this.finished.add(environment);
        return true;
      }
      for (const key of absent) {
        await this.turn();
        if (!this.bundles.has(key)) this.bundles.set(key, this.now);
        taken.push(key);
        if (!(await save())) return false;
      }
    }
    return false;
  }

  override store(environment: string): void {
    this.stored = this.stored.filter((folder) => folder.environment !== environment);
    const documents = documentsOf(environment);
    this.stored.push({ environment, changedAt: this.now, documents, ownBundles: false });
  }
}

const documentsOf = (environment: string): string[] => [
  manifestKey(environment),
  `environments/${environment}/progress.json`,
];

describe('rebuilds, promotions, roll backs and pruning, in any order and with crashes anywhere', () => {
  /** The last three are in the bucket, and nobody names them. */
  const wanted = fc.subarray([...'abcdefghxyz'], { minLength: 1, maxLength: 4 });
  const week = fc.record({
    wanted,
    again: fc.option(wanted),
    rollBack: fc.boolean(),
    refused: fc.boolean(),
    /** After how many changes a promotion dies. */
    crash: fc.option(fc.nat(12)),
    days: fc.integer({ min: 0, max: 20 }),
  });
  const weeks = fc.array(week, { minLength: 1, maxLength: 5 });

  it('take no bundle that a finished environment needs, and leave none that nobody does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), weeks, async (turns, all) => {
        const busy = new Busy(turns);
        for (let number = 1; number <= KEPT_ENVIRONMENTS; number++) {
          const names = [...'abcdefgh'].filter((_, index) => (number + index) % 3 > 0);
          busy.putInForce(idOf(number));
          busy.names.set(manifestKey(idOf(number)), names);
          busy.finished.add(idOf(number));
          for (const name of names) busy.bundles.set(name, busy.now - 9 * DAY);
        }
        for (const name of 'xyz') busy.bundles.set(name, busy.now - 9 * DAY);

        for (const [index, { wanted, again, rollBack: back, refused, crash, days }] of all.entries()) {
          const environment = idOf(100 + 2 * index);
          if (refused) busy.broken.set(environment, ['no']);
          let changes = crash ?? Number.POSITIVE_INFINITY;
          busy.beforeStep = () => {
            if (changes-- > 0) return;
            changes = Number.POSITIVE_INFINITY;
            throw new Crash();
          };
          const promoted = async (id: string, what: readonly string[]) =>
            (await busy.rebuild(id, what)) && promote(id, {}, busy.ports);
          const work: Promise<unknown>[] = [
            promoted(environment, wanted),
            ...(again ? [promoted(idOf(101 + 2 * index), again)] : []),
            ...(back ? [rollBack(undefined, busy.ports)] : []),
            prune(busy.ports),
          ];
          const ends = Promise.allSettled(work);
          await turns.waitFor(ends);
          for (const end of await ends) {
            if (end.status === 'rejected' && String(end.reason).includes('was removed')) throw end.reason;
          }
          for (const finished of busy.finished) {
            for (const key of busy.namedBy(finished)) expect([...busy.bundles.keys()]).toContain(key);
          }
          busy.now += days * DAY;
        }

        busy.beforeStep = () => undefined;
        busy.now += 20 * DAY;
        await turns.waitFor(prune(busy.ports));
        const named = new Set(busy.stored.flatMap(({ environment }) => [...busy.namedBy(environment)]));
        for (const key of busy.bundles.keys()) expect([...named]).toContain(key);
      }),
      { numRuns: 300 },
    );
  });
});
