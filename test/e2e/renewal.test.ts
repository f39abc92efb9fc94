import { randomUUID } from 'node:crypto';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BUNDLES_PREFIX } from '../../functions/shared/package-environment.ts';
import { layerParameterOf } from '../../infra/names.ts';
import { OperatorError } from '../../scripts/lib/arguments.ts';
import { renew } from '../../scripts/lib/renew.ts';
import { askPromote, createRenewPorts } from '../../scripts/lib/renewal-ports.ts';
import { createRenewalStage, type RenewalStage } from '../support/renewal-stage.ts';
import { type Release, startWheelIndex, type WheelIndex } from '../support/wheel-index.ts';

const APPROVED = `
[[package]]
name = "amber"
why = "in the layer"
core = true

[[package]]
name = "birch"
why = "a bundle, which requires cedar"
small = true
`;
const of = (name: string, version: string, requires: readonly string[] = []): Release => ({
  name,
  version,
  requires,
  source: `${requires.map((one) => `import ${one}\n`).join('')}VERSION = "${version}"\n`,
});
const FIRST = [of('amber', '1.0'), of('birch', '1.0', ['cedar']), of('cedar', '1.0')];
const VERSIONS = 'import amber, birch, cedar\nprint(amber.VERSION, birch.VERSION, cedar.VERSION)';

let index: WheelIndex;
let stage: RenewalStage;

beforeAll(async () => {
  index = await startWheelIndex();
  for (const release of FIRST) index.publish(release);
  stage = await createRenewalStage({
    endpoint: inject('cloudEndpoint'),
    index,
    approved: APPROVED,
    releases: FIRST,
  });
  await stage.deploy();
});
afterAll(async () => {
  await stage?.remove();
  await index?.close();
});

/** As `npm run rebuild` does. @returns what it told, and the error it ended with */
async function rebuild({ again = false } = {}): Promise<{ told: string[]; error?: unknown }> {
  const told: string[] = [];
  const ports = { ...createRenewPorts(stage.target), say: (line: string) => void told.push(line) };
  const order = { request: randomUUID(), only: [], accepted: [] };
  return renew(order, { again }, ports).then(
    () => ({ told }),
    (error: unknown) => ({ told, error }),
  );
}

async function layersInForce(): Promise<{ pointer: string | undefined; executor: string | undefined }> {
  const { lambda, ssm, outputs } = stage.target;
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: layerParameterOf('renewal') }));
  const { Layers } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: outputs.ExecutorFunctionName }),
  );
  return { pointer: Parameter?.Value, executor: Layers?.[0]?.Arn };
}

const versions = async () => (await stage.run(VERSIONS)).stdout.trim();

describe('a renewal, in this order', () => {
  let seed: string | undefined;
  let renewed: string | undefined;

  it('starts from what the deploy brought', async () => {
    seed = (await layersInForce()).pointer;
    expect(await versions()).toBe('1.0 1.0 1.0');
  });

  it('builds what is new, tries it, and puts it in force', async () => {
    index.publish(of('amber', '1.1'));
    const { told, error } = await rebuild();
    expect(error).toBeUndefined();
    expect(told.slice(-2).map((line) => line.replace(/[0-9a-f]{16}/, 'X'))).toEqual([
      'The environment X is built, and is being tried.',
      'The environment X is in force.',
    ]);
    renewed = (await layersInForce()).pointer;
    expect(renewed).not.toBe(seed);
    expect(await layersInForce()).toEqual({ pointer: renewed, executor: renewed });
    expect(await versions()).toBe('1.1 1.0 1.0');
  });

  it('keeps each bundle once, whoever brought it', async () => {
    const { s3, outputs } = stage.target;
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: outputs.PackagesBucketName, Prefix: BUNDLES_PREFIX }),
    );
    const releases = Contents.map(({ Key = '' }) => /^bundles\/(.*)-[0-9a-f]{64}\.zip\.zst$/.exec(Key)?.[1]);
    expect(releases.sort()).toEqual(['amber-1.1', 'birch-1.0', 'cedar-1.0']);
  });

  it('builds nothing where nothing is newer', async () => {
    expect((await rebuild()).told.at(-1)).toMatch(/^Nothing is newer than the environment in force/);
  });

  it('is not undone by the next deploy', async () => {
    await stage.deploy();
    expect(await layersInForce()).toEqual({ pointer: renewed, executor: renewed });
  });

  it('leaves the old environment serving where the new one cannot be imported', async () => {
    index.publish({ ...of('birch', '2.0', ['cedar']), source: 'raise RuntimeError("broken on purpose")\n' });
    const { error } = await rebuild();
    expect(error).toBeInstanceOf(OperatorError);
    expect(String(error)).toContain('importing birch: RuntimeError: broken on purpose');
    expect(await layersInForce()).toEqual({ pointer: renewed, executor: renewed });
    expect(await versions()).toBe('1.1 1.0 1.0');
  });

  it('leaves it serving where the package index has nothing that will do', async () => {
    index.withdraw('amber', '1.1');
    const { error } = await rebuild();
    expect(String(error)).toContain('amber goes back from 1.1 to 1.0');
    expect(await layersInForce()).toEqual({ pointer: renewed, executor: renewed });
    index.publish(of('amber', '1.1'));
  });

  it('can be gone back from, and no deploy undoes that either', async () => {
    expect(await askPromote(stage.target, { rollBack: true })).toMatchObject({ outcome: 'rolled back' });
    expect(await layersInForce()).toEqual({ pointer: seed, executor: seed });
    expect(await versions()).toBe('1.0 1.0 1.0');
    await stage.deploy();
    expect(await layersInForce()).toEqual({ pointer: seed, executor: seed });
  });

  it('comes back by itself only with something newer, and otherwise when it is asked to', async () => {
    index.withdraw('birch', '2.0');
    expect(String((await rebuild()).error)).toContain('it was rolled back from');
    expect((await layersInForce()).pointer).toBe(seed);
    expect((await rebuild({ again: true })).error).toBeUndefined();
    expect(await layersInForce()).toEqual({ pointer: renewed, executor: renewed });
  });
});
