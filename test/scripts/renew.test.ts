import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../scripts/lib/arguments.ts';
import { registryVariables } from '../../scripts/lib/lend-registry.ts';
import { type RebuildStatus, type RenewPorts, renew } from '../../scripts/lib/renew.ts';

const ORDER = { request: 'mine', only: [], accepted: [] };
const NEW = '0123456789abcdef';

const said = (state: RebuildStatus['state'], message: string, request = 'mine'): RebuildStatus => ({
  request,
  state,
  environment: state === 'resolving' || state === 'failed' ? null : NEW,
  message,
});

/** A renewal whose rebuild says one thing after another, a second each; the last one stays. */
function renewalOf(statuses: readonly (RebuildStatus | undefined)[], changes: Partial<RenewPorts> = {}) {
  const told: string[] = [];
  const promoted: unknown[] = [];
  let at = 0;
  let now = 0;
  const ports: RenewPorts = {
    startRebuild: async (order) => expect(order).toEqual(ORDER),
    readStatus: async () => statuses[Math.min(at++, statuses.length - 1)],
    promote: async (...asked) => {
      promoted.push(asked);
      return 'promoted';
    },
    readInForce: async () => NEW,
    readRefusal: async () => undefined,
    say: (line) => void told.push(line),
    wait: async (milliseconds) => {
      now += milliseconds;
    },
    now: () => now,
    ...changes,
  };
  const run = (again = false) => renew(ORDER, { again }, ports);
  return { run, told, promoted, minutes: () => now / 60_000 };
}

describe('following a renewal', () => {
  it('tells each word once, and the end', async () => {
    const building = said('building', '1 of 2 packages are finished');
    const { run, told } = renewalOf([
      undefined,
      said('built', 'of last week', 'another'),
      said('resolving', 'resolving the approved list'),
      building,
      building,
      said('built', 'done'),
    ]);
    await run();
    expect(told).toEqual([
      'resolving the approved list',
      '1 of 2 packages are finished',
      `The environment ${NEW} is built, and is being tried.`,
      `The environment ${NEW} is in force.`,
    ]);
  });

  it('ends at once where nothing is newer', async () => {
    const { run, told } = renewalOf([said('unchanged', 'nothing')]);
    await run();
    expect(told).toEqual([`Nothing is newer than the environment in force, ${NEW}.`]);
  });

  it('fails in the words of the rebuild', async () => {
    const { run } = renewalOf([said('failed', 'The package registry cannot be reached')]);
    await expect(run()).rejects.toThrow(
      'the rebuild failed: The package registry cannot be reached. The environment in force stays as it is.',
    );
  });

  it('fails with the reasons of the canary', async () => {
    const { run } = renewalOf([said('built', 'done')], {
      readInForce: async () => 'old',
      readRefusal: async () => ['importing birch: no', 'chart: timeout instead of ok'],
    });
    await expect(run()).rejects.toThrow(OperatorError);
    await expect(run()).rejects.toThrow(/was refused\..*\n {2}importing birch: no\n {2}chart: timeout/);
  });

  it('promotes by itself what was built before, as no manifest will arrive again', async () => {
    const { run, promoted } = renewalOf([said('finished', 'before')]);
    await run(true);
    expect(promoted).toEqual([[NEW, true]]);
  });

  it('says why it does not come into force again by itself', async () => {
    const { run } = renewalOf([said('finished', 'before')], { promote: async () => 'refused before' });
    await expect(run()).rejects.toThrow('To try it once more, add --again.\n  it was rolled back from');
  });

  it('gives up on a rebuild that does not start, and later on one that falls silent', async () => {
    const never = renewalOf([undefined]);
    await expect(never.run()).rejects.toThrow('the rebuild says nothing; its log says why');
    expect(never.minutes()).toBe(2);
    const silent = renewalOf([said('resolving', 'resolving')]);
    await expect(silent.run()).rejects.toThrow('the rebuild says nothing');
    expect(silent.minutes()).toBe(20);
  });

  it('gives up on a promotion that never ends', async () => {
    const { run } = renewalOf([said('built', 'done')], { readInForce: async () => 'old' });
    await expect(run()).rejects.toThrow('was not promoted; the log of "promote" says why');
  });
});

describe("what the local rebuild is told of this machine's package index", () => {
  it('is how to reach it, and nothing else of the environment', () => {
    const told = registryVariables({
      UV_DEFAULT_INDEX: 'https://index.example/simple',
      UV_INDEX_COMPANY_PASSWORD: 'secret',
      HTTPS_PROXY: 'http://proxy:3128',
      SSL_CERT_FILE: '/certificates',
      UV_CACHE_DIR: '/cache',
      DISCORD_BOT_TOKEN: 'token',
      PATH: '/bin',
      HOME: '/root',
      http_proxy: '',
    });
    expect(told).toEqual({
      UV_DEFAULT_INDEX: 'https://index.example/simple',
      UV_INDEX_COMPANY_PASSWORD: 'secret',
      HTTPS_PROXY: 'http://proxy:3128',
      SSL_CERT_FILE: '/certificates',
      NO_PROXY: '127.0.0.1,localhost',
    });
  });

  it('keeps proxies away from loopback, beside what is exempt already', () => {
    expect(registryVariables({ no_proxy: '.example' }).NO_PROXY).toBe('.example,127.0.0.1,localhost');
  });
});
