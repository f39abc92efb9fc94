import { describe, expect, test } from 'vitest';
import type { OutputName } from '../../infra/names.ts';
import { type DeployPorts, deployStage } from '../../scripts/lib/deploy/deploy-stage.ts';
import { type LayerInForce, planEnvironment } from '../../scripts/lib/deploy/environment-plan.ts';
import { requireStage } from '../../scripts/lib/require-stage.ts';
import { realStage } from '../infra/support.ts';

const URL = 'https://abc.execute-api.eu-central-1.amazonaws.com/interactions';
const OUTPUTS = { InteractionsUrl: URL, PackagesBucketName: 'packages' } as Record<OutputName, string>;
const promoted = (changes: Partial<LayerInForce> = {}): LayerInForce => ({
  layerArn: 'arn:aws:lambda:eu-central-1:111122223333:layer:slashbox-prod-environment:7',
  description: 'Slashbox package environment later',
  runtimes: ['python3.13'],
  architectures: ['arm64'],
  ...changes,
});

interface World {
  readonly layer?: LayerInForce | undefined;
  readonly bootstrapped?: boolean;
  readonly fails?: string;
}

/** Ports that write down what they change; reading is silent. */
function createWorld({ layer, bootstrapped = true, fails }: World = {}) {
  const done: string[] = [];
  const lines: string[] = [];
  const change = async <Value>(what: string, value: Value): Promise<Value> => {
    if (what === fails) throw new Error(`${what} failed`);
    done.push(what);
    return value;
  };
  const ports: DeployPorts = {
    cloud: {
      account: async () => '111122223333',
      isBootstrapped: async () => bootstrapped,
      layerInForce: async () => layer,
      publishLayer: (_, replace) => change(replace ? 'replace layer' : 'publish layer', 'arn:layer:1'),
      uploadBundles: (_, bucket) => change(`upload to ${bucket}`, 3),
    },
    packages: {
      identify: async () => 'seed',
      build: (id) => change(`build ${id}`, { id, folder: '/environments/seed' }),
    },
    stack: {
      bundle: () => change('bundle', undefined),
      bootstrap: (account) => change(`bootstrap ${account}`, undefined),
      deploy: () => change('deploy', OUTPUTS),
    },
    discord: {
      check: async () => undefined,
      register: () => change('register', 3),
    },
    say: (line) => lines.push(line),
  };
  return { ports, done, lines };
}

const wanted = { id: 'seed', python: '3.13', architecture: 'arm64' } as const;

describe('the package environment', () => {
  test('is published where there is none', () => {
    expect(planEnvironment(undefined, wanted)).toEqual({ action: 'publish' });
  });

  test('stays where another one was promoted', () => {
    expect(planEnvironment(promoted(), wanted)).toEqual({ action: 'keep' });
  });

  test('is completed where it is this checkout’s own', () => {
    const own = promoted({ description: 'Slashbox package environment seed' });
    expect(planEnvironment(own, wanted)).toEqual({ action: 'complete' });
  });

  test.each([
    ['Python', { runtimes: ['python3.12'] }],
    ['architecture', { architectures: ['x86_64'] }],
    ['existence, as somebody deleted the layer', { runtimes: [], architectures: [], description: '' }],
  ])('is replaced where it differs in %s', (_, changes) => {
    expect(planEnvironment(promoted(changes), wanted).action).toBe('replace');
  });
});

describe('a deploy', () => {
  test('writes the pointer before the stack that reads it, and the bundles after it', async () => {
    const { ports, done } = createWorld({ bootstrapped: false });
    expect(await deployStage(realStage(), ports, { dryRun: false })).toBe(URL);
    expect(done).toEqual([
      'bundle',
      'bootstrap 111122223333',
      'build seed',
      'publish layer',
      'deploy',
      'build seed',
      'upload to packages',
      'register',
    ]);
  });

  test('does not touch an environment that was promoted', async () => {
    const { ports, done, lines } = createWorld({ layer: promoted() });
    await deployStage(realStage(), ports, { dryRun: false });
    expect(done).toEqual(['bundle', 'deploy', 'register']);
    expect(lines.join('\n')).toContain('was promoted later and stays');
  });

  test('uploads what an interrupted deploy left out', async () => {
    const layer = promoted({ description: 'Slashbox package environment seed' });
    const { ports, done } = createWorld({ layer });
    await deployStage(realStage(), ports, { dryRun: false });
    expect(done).toEqual(['bundle', 'deploy', 'build seed', 'upload to packages', 'register']);
  });

  test('moves the pointer where the stage has another Python now, and says why', async () => {
    const { ports, done, lines } = createWorld({ layer: promoted({ runtimes: ['python3.12'] }) });
    await deployStage(realStage(), ports, { dryRun: false });
    expect(done).toContain('replace layer');
    expect(lines.join('\n')).toContain('the environment in force is for python3.12, arm64');
  });

  test('says what it would do and does nothing in a dry run', async () => {
    const { ports, done, lines } = createWorld({ bootstrapped: false });
    expect(await deployStage(realStage(), ports, { dryRun: true })).toBeUndefined();
    expect(done).toEqual([]);
    expect(lines).toEqual([
      'Stage "prod" in eu-central-1, account 111122223333:',
      '  1/6 bundle the functions',
      '  2/6 prepare account 111122223333 for CDK in eu-central-1 (once: a bucket and roles, stack CDKToolkit)',
      '  3/6 build the package environment seed for Python 3.13 on arm64 and publish it',
      '  4/6 deploy the stack slashbox-prod',
      '  5/6 upload the bundles of the package environment seed that are not there yet',
      '  6/6 register the commands with Discord',
    ]);
  });

  test('changes nothing where Discord does not know the application', async () => {
    const { ports, done } = createWorld();
    const check = () => Promise.reject(new Error('another application'));
    const discord = { check, register: async () => 0 };
    await expect(deployStage(realStage(), { ...ports, discord }, { dryRun: false })).rejects.toThrow(
      'another',
    );
    expect(done).toEqual([]);
  });

  test('stops at the first step that fails', async () => {
    const { ports, done } = createWorld({ fails: 'deploy' });
    await expect(deployStage(realStage(), ports, { dryRun: false })).rejects.toThrow('deploy failed');
    expect(done).toEqual(['bundle', 'build seed', 'publish layer']);
  });

  test('leaves Discord alone where it is told to', async () => {
    const { ports, done } = createWorld({ layer: promoted() });
    await deployStage(realStage(), { ...ports, discord: undefined }, { dryRun: false });
    expect(done).not.toContain('register');
  });
});

describe('the stage of a command', () => {
  test('has to be named', () => {
    expect(() => requireStage(undefined, ['beta', 'prod'])).toThrow(
      'name a stage with -- --stage NAME. There is beta, prod.',
    );
  });

  test('is never the example, which is for reading', () => {
    expect(() => requireStage('example', [])).toThrow(/for reading only.*copy infra\/stages\/example\.json/);
  });

  test('is what was named', () => expect(requireStage('prod', [])).toBe('prod'));
});
