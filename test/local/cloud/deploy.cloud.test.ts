import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createLog } from '../../../functions/shared/log.ts';
import { cloudClient } from '../../../local/cloud/clients.ts';
import { deployStack } from '../../../local/cloud/deploy.ts';
import { ASSET_BUCKET, writeAssembly } from '../../support/assembly.ts';

const endpoint = inject('cloudEndpoint');
let folder = '';
let stackName = '';
let said: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slashbox-deploy-'));
  stackName = `s${randomBytes(5).toString('hex')}`;
  said = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Change {
  readonly description?: string;
  readonly parameters?: object;
  readonly resources?: object;
}

async function deploy({ description = 'first', parameters = {}, resources = {} }: Change = {}) {
  const assemblyDir = await writeAssembly(folder, {
    stackName,
    folders: { [`code-${stackName}`]: { 'handler.py': 'def handler(event, context): return 1' } },
    template: {
      Parameters: parameters,
      Resources: {
        Code: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            FunctionName: stackName,
            Description: description,
            Runtime: 'python3.13',
            Handler: 'handler.handler',
            Role: 'arn:aws:iam::000000000000:role/test',
            Code: { S3Bucket: ASSET_BUCKET, S3Key: `code-${stackName}.zip` },
          },
        },
        ...resources,
      },
      Outputs: { FunctionName: { Value: { Ref: 'Code' } } },
    },
  });
  return deployStack({
    endpoint,
    assemblyDir,
    stackName,
    log: createLog({}, (line) => said.push(JSON.parse(line).action)),
  });
}

function describeFunction() {
  return new LambdaClient(cloudClient(endpoint)).send(
    new GetFunctionConfigurationCommand({ FunctionName: stackName }),
  );
}

/** A URL for a function that nobody made. */
const BROKEN = {
  Broken: { Type: 'AWS::Lambda::Url', Properties: { TargetFunctionArn: 'nobody', AuthType: 'NONE' } },
};

describe('a deploy to the embedded AWS', () => {
  it('creates the stack with its code and gives its outputs', async () => {
    expect(await deploy()).toEqual({ FunctionName: stackName });
    const { CodeSize = 0, Description } = await describeFunction();
    expect(CodeSize).toBeGreaterThan(100);
    expect(Description).toBe('first');
  });

  it('updates what changed', async () => {
    await deploy();
    await deploy({ description: 'second' });
    expect((await describeFunction()).Description).toBe('second');
    expect(said).toEqual(['create', 'update']);
  });

  it('leaves alone what did not change, and gives the same outputs', async () => {
    await deploy();
    const { RevisionId } = await describeFunction();
    expect(await deploy()).toEqual({ FunctionName: stackName });
    expect((await describeFunction()).RevisionId).toBe(RevisionId);
    expect(said).toEqual(['create', 'unchanged']);
  });

  it('says which resource failed and why, and succeeds when that is mended', async () => {
    await expect(deploy({ resources: BROKEN })).rejects.toThrow(
      /could not be deployed \(ROLLBACK_COMPLETE\): Broken \(AWS::Lambda::Url\): .*nobody/,
    );
    expect(await deploy()).toEqual({ FunctionName: stackName });
  });

  it('keeps the stack as it was when an update fails', async () => {
    await deploy();
    await expect(deploy({ description: 'second', resources: BROKEN })).rejects.toThrow(
      /could not be deployed \(UPDATE_ROLLBACK_COMPLETE\): Broken/,
    );
    expect((await describeFunction()).Description).toBe('first');
  });

  it('reads a pointer again on every deploy, and refuses to start without it', async () => {
    const pointer = `/${stackName}/pointer`;
    const change: Change = {
      parameters: { Pointer: { Type: 'AWS::SSM::Parameter::Value<String>', Default: pointer } },
      resources: {
        Echo: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: { Ref: 'Pointer' } } },
      },
    };
    await expect(deploy(change)).rejects.toThrow(new RegExp(`was refused: .*${pointer}.* does not exist`));

    const ssm = new SSMClient(cloudClient(endpoint));
    await ssm.send(new PutParameterCommand({ Name: pointer, Type: 'String', Value: 'one' }));
    await deploy(change);
    await ssm.send(new PutParameterCommand({ Name: pointer, Type: 'String', Value: 'two', Overwrite: true }));
    await deploy(change);
    expect(said).toEqual(['create', 'update']);
  });
});
