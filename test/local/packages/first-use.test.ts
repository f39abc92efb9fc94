import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bundles, type FirstUseService, startFirstUse } from '../../../local/packages/first-use.ts';

const bundlesOf = (name: string): Bundles => ({
  [name]: {
    key: `environments/e/bundles/${name}-1.0.zip`,
    sha256: 'a'.repeat(64),
    bytes: 10,
    unpacked_bytes: 20,
  },
});

/** A build that goes on when it is told to. */
interface Build {
  readonly distribution: string;
  readonly tell: (progress: string) => void;
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

let service: FirstUseService;
let builds: Build[];
let published: string[];
let activities: (string | undefined)[];
let onBuild: () => void;

beforeEach(async () => {
  [builds, published, activities, onBuild] = [[], [], [], () => undefined];
  service = await startFirstUse({
    environment: 'e1',
    build: (distribution, tell) =>
      new Promise((resolve, fail) => {
        builds.push({ distribution, tell, fail, finish: () => resolve(bundlesOf(distribution)) });
        onBuild();
      }),
    publish: async (bundles) => void published.push(...Object.keys(bundles)),
    onActivity: (activity) => void activities.push(activity),
  });
});
afterEach(() => service.close());

const started = (count: number): Promise<void> =>
  new Promise((resolve) => {
    onBuild = () => builds.length >= count && resolve();
    onBuild();
  });

/** When it resolves, the question has arrived; the answer is read when it is wanted. */
async function ask(path: string): Promise<{ lines: () => Promise<unknown[]> }> {
  const response = await fetch(service.url + path);
  const read = async (): Promise<unknown[]> =>
    (await response.text())
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { lines: read };
}

const lastOf = async (asked: { lines: () => Promise<unknown[]> }) => (await asked.lines()).at(-1);

describe('a package that was not built', () => {
  it('is built, published, and only then named; whoever waits hears how far it is', async () => {
    const asked = await ask('/environments/e1/packages/polars');
    await started(1);
    builds[0]?.tell('1/2 polars 2.1.0');
    expect(published).toEqual([]);
    builds[0]?.finish();
    expect(await asked.lines()).toEqual([{ progress: '1/2 polars 2.1.0' }, { bundles: bundlesOf('polars') }]);
    expect(published).toEqual(['polars']);
    expect(activities).toEqual(['Building polars for its first use: 1/2 polars 2.1.0', undefined]);
  });

  it('is built once for all who wait for it', async () => {
    const first = await ask('/environments/e1/packages/polars');
    const second = await ask('/environments/e1/packages/polars');
    await started(1);
    builds[0]?.finish();
    expect([await lastOf(first), await lastOf(second)]).toEqual(
      Array(2).fill({ bundles: bundlesOf('polars') }),
    );
    expect(builds).toHaveLength(1);
  });

  it('waits for the one before it, whether that succeeds or not', async () => {
    const first = await ask('/environments/e1/packages/polars');
    const second = await ask('/environments/e1/packages/duckdb');
    await started(1);
    expect(builds.map(({ distribution }) => distribution)).toEqual(['polars']);
    builds[0]?.fail(new Error('The disk is full'));
    expect(await lastOf(first)).toEqual({ error: 'The disk is full' });
    await started(2);
    builds[1]?.finish();
    expect(await lastOf(second)).toEqual({ bundles: bundlesOf('duckdb') });
  });

  it('is tried again after a failure', async () => {
    const first = await ask('/environments/e1/packages/polars');
    await started(1);
    builds[0]?.fail(new Error('The package registry cannot be reached'));
    await first.lines();
    const second = await ask('/environments/e1/packages/polars');
    await started(2);
    builds[1]?.finish();
    expect(await lastOf(second)).toEqual({ bundles: bundlesOf('polars') });
  });

  it('is finished for the next one when whoever asked has given up', async () => {
    const controller = new AbortController();
    const url = `${service.url}/environments/e1/packages/polars`;
    const first = await fetch(url, { signal: controller.signal });
    await started(1);
    controller.abort();
    await expect(first.text()).rejects.toThrow();
    const second = await ask('/environments/e1/packages/polars');
    builds[0]?.finish();
    expect(await lastOf(second)).toEqual({ bundles: bundlesOf('polars') });
    expect(builds).toHaveLength(1);
  });
});

describe('what nobody builds', () => {
  it('is another environment’s package', async () => {
    const asked = await ask('/environments/e2/packages/polars');
    expect(await asked.lines()).toEqual([{ error: expect.stringContaining('npm run rebuild') }]);
    expect(builds).toEqual([]);
  });

  it.each([
    '/',
    '/environments/e1/packages/',
    '/environments/e1/packages/..%2Fx',
    '/environments/e1/packages/A;b',
  ])('is %s', async (path) => {
    expect((await fetch(service.url + path)).status).toBe(404);
  });

  it('is what is sent instead of asked for', async () => {
    const response = await fetch(`${service.url}/environments/e1/packages/polars`, { method: 'POST' });
    expect(response.status).toBe(404);
  });
});
