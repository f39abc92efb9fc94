/** Deployed roles, put to the test: what they allow works, and nothing else does. */
import { createHash } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  DeleteLayerVersionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { RunId } from '../../functions/shared/ids.ts';
import { manifestKey } from '../../functions/shared/package-environment.ts';
import { expiry, outputPrefix, runKey } from '../../functions/shared/records.ts';
import { type FunctionName, functionNameOf, layerNameOf, layerParameterOf } from '../../infra/names.ts';
import { cloudClient } from '../../local/cloud/clients.ts';
import { askPromote } from '../../scripts/lib/renewal-ports.ts';
import { createRenewalStage, type RenewalStage } from '../support/renewal-stage.ts';
import { type Release, startWheelIndex, type WheelIndex } from '../support/wheel-index.ts';

const NAME = 'roles';
const APPROVED = '[[package]]\nname = "amber"\nwhy = "in the layer"\ncore = true\n';
const RELEASES: Release[] = [{ name: 'amber', version: '1.0', requires: [], source: 'VERSION = "1.0"\n' }];

let index: WheelIndex;
let stage: RenewalStage;

beforeAll(async () => {
  index = await startWheelIndex();
  for (const release of RELEASES) index.publish(release);
  const endpoint = inject('cloudEndpoint');
  stage = await createRenewalStage({ name: NAME, endpoint, index, approved: APPROVED, releases: RELEASES });
  await stage.deploy();
});
afterAll(async () => {
  await stage?.remove();
  await index?.close();
});

const files = () => stage.target.outputs.FilesBucketName ?? '';
const packages = () => stage.target.outputs.PackagesBucketName ?? '';
const TableName = () => stage.target.outputs.TableName ?? '';
const s3Of = async (name: FunctionName) => new S3Client({ ...(await stage.clientOf(name)), maxAttempts: 1 });
const refusals = () =>
  stage.logged.flatMap((line) => (line.includes('a call was refused') ? JSON.parse(line) : []));

/** Takes one action out of a deployed role for as long as `then` takes. */
async function without(name: FunctionName, action: string, then: () => Promise<void>): Promise<void> {
  const iam = new IAMClient(cloudClient(inject('cloudEndpoint')));
  const { Role = '' } = await stage.target.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: functionNameOf(NAME, name) }),
  );
  const RoleName = Role.slice(Role.lastIndexOf('/') + 1);
  const { PolicyNames: [PolicyName] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  const whole = decodeURIComponent(PolicyDocument);
  const { Version, Statement } = JSON.parse(whole) as {
    Version: string;
    Statement: { Action: string | string[] }[];
  };
  const fewer = Statement.filter(({ Action }) => ![Action].flat().includes(action));
  expect(fewer.length).toBeLessThan(Statement.length);
  const put = (document: string) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
  await put(JSON.stringify({ Version, Statement: fewer }));
  try {
    await then();
  } finally {
    await put(whole);
  }
}

describe('the executor’s role', () => {
  const may = async (service: string, body: string): Promise<string> => {
    const { credentials } = await stage.clientOf('executor');
    const scope = `${credentials.accessKeyId}/20260101/us-east-1/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
    return (await fetch(stage.gate.url, { method: 'POST', headers: { authorization }, body })).text();
  };

  it('opens nothing that users’ files, code or the environment are in', async () => {
    const client = { ...(await stage.clientOf('executor')), maxAttempts: 1 };
    const [s3, dynamo, lambda, ssm] = [
      new S3Client(client),
      new DynamoDBClient(client),
      new LambdaClient(client),
      new SSMClient(client),
    ];
    const FunctionName = functionNameOf(NAME, 'worker');
    for (const call of [
      () => s3.send(new GetObjectCommand({ Bucket: packages(), Key: manifestKey('x') })),
      () => s3.send(new GetObjectCommand({ Bucket: files(), Key: 'files/1/1' })),
      () => s3.send(new PutObjectCommand({ Bucket: files(), Key: 'outputs/1/0', Body: 'x' })),
      () =>
        dynamo.send(new GetItemCommand({ TableName: TableName(), Key: { pk: { S: 'a' }, sk: { S: 'b' } } })),
      () => lambda.send(new InvokeCommand({ FunctionName })),
      () => ssm.send(new GetParameterCommand({ Name: layerParameterOf(NAME) })),
    ]) {
      await expect(call()).rejects.toThrow(
        /assumed-role\/.*\/slashbox-roles-executor is not authorized to perform/,
      );
    }
  });

  it('denies its own code what Lambda needs for the network', async () => {
    expect(await may('ec2', 'Action=CreateNetworkInterface&Version=2016-11-15')).toMatch(
      /<Code>UnauthorizedOperation<\/Code>.*ec2:CreateNetworkInterface.* with an explicit deny in an identity-based policy/,
    );
  });

  it('is not let through by a call that nobody has mapped', async () => {
    expect(await may('sts', 'Action=GetSessionToken&Version=2011-06-15')).toContain(
      'does not say which permission',
    );
    expect(refusals().at(-1)).toMatchObject({ function: 'slashbox-roles-executor', action: 'unknown' });
  });
});

describe('without credentials', () => {
  const status = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status;
  let bundle: string;
  beforeAll(async () => {
    bundle = 'environments/a/bundles/b.zip';
    await stage.target.s3.send(new PutObjectCommand({ Bucket: packages(), Key: bundle, Body: 'zip' }));
    await stage.target.s3.send(new PutObjectCommand({ Bucket: files(), Key: bundle, Body: 'secret' }));
  });

  it('bundles can be read through the VPC endpoint', async () => {
    const response = await fetch(`${stage.gate.vpcEndpoint}/${packages()}/${bundle}`, {
      headers: { range: 'bytes=1-' },
    });
    expect([response.status, await response.text()]).toEqual([206, 'ip']);
  });

  it('and nothing else: not another way, not another object, not written, not listed', async () => {
    const { url, vpcEndpoint } = stage.gate;
    expect(await status(`${url}/${packages()}/${bundle}`)).toBe(403);
    expect(await status(`${inject('cloudEndpoint')}/${packages()}/${bundle}`)).toBe(403);
    expect(await status(`${vpcEndpoint}/${files()}/${bundle}`)).toBe(403);
    expect(await status(`${vpcEndpoint}/${packages()}/other/b.zip`)).toBe(403);
    expect(await status(`${vpcEndpoint}/${packages()}/${bundle}`, { method: 'PUT', body: 'x' })).toBe(403);
    expect(await status(`${vpcEndpoint}/${packages()}/${bundle}`, { method: 'DELETE' })).toBe(403);
    expect(await status(`${vpcEndpoint}/${packages()}?list-type=2`)).toBe(403);
  });

  it('nobody learns which bundles there are', async () => {
    expect(await status(`${stage.gate.vpcEndpoint}/${packages()}/environments/a/bundles/none.zip`)).toBe(403);
  });
});

describe('what the other tests never come to', () => {
  const RUN = '1400000000000000001' as RunId;
  const invoke = async (FunctionName: string, event: object) => {
    const Payload = JSON.stringify(event);
    const answer = await stage.target.lambda.send(new InvokeCommand({ FunctionName, Payload }));
    return { failed: answer.FunctionError, result: answer.Payload?.transformToString() };
  };

  it('the clean-up may remove what a run left in slots that nobody used', async () => {
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(cloudClient(inject('cloudEndpoint'))));
    const left = { Bucket: files(), Key: `${outputPrefix(RUN)}0` };
    await stage.target.s3.send(new PutObjectCommand({ ...left, Body: 'left' }));
    const due = expiry(Math.floor(Date.now() / 1000) - 1);
    const Item = { ...runKey(RUN), ...due, type: 'run', runId: RUN, status: 'done' };
    await documents.send(new PutCommand({ TableName: TableName(), Item }));
    const { result } = await invoke(functionNameOf(NAME, 'cleanup'), {});
    expect(JSON.parse(result ?? '')).toEqual({ removed: 0, failed: 0 });
    await expect(stage.target.s3.send(new GetObjectCommand(left))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
  });

  it('the failures function may end a run', async () => {
    const body = JSON.stringify({ requestPayload: { runId: RUN } });
    const { failed, result } = await invoke(functionNameOf(NAME, 'failures'), { Records: [{ body }] });
    expect([failed, result]).toEqual([undefined, 'null']);
  });

  it('the rebuild may go on by invoking itself', async () => {
    const lambda = new LambdaClient(await stage.clientOf('rebuild'));
    const FunctionName = functionNameOf(NAME, 'rebuild');
    const Payload = JSON.stringify({ age_only: true });
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }));
  });

  it('the promotion may remove a layer version that is ours, and no other', async () => {
    const lambda = new LambdaClient(await stage.clientOf('promote'));
    const remove = (LayerName: string) =>
      lambda.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 9 }));
    await remove(layerNameOf(NAME));
    await expect(remove('another')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a role that lacks a statement', () => {
  it('makes its function fail as it would in AWS, and the log says why', async () => {
    await without('promote', 'ssm:GetParameterHistory', async () => {
      await expect(askPromote(stage.target, { rollBack: true })).rejects.toThrow(
        /^User: arn:aws:sts::000000000000:assumed-role\/.+\/slashbox-roles-promote is not authorized to perform: ssm:GetParameterHistory on resource: arn:aws:ssm:us-east-1:000000000000:parameter\/slashbox\/roles\/environment\/layer-arn because no identity-based policy allows the ssm:GetParameterHistory action$/,
      );
    });
    expect(refusals().at(-1)).toMatchObject({
      level: 'WARN',
      function: 'slashbox-roles-promote',
      action: 'ssm:GetParameterHistory',
      resource: 'arn:aws:ssm:us-east-1:000000000000:parameter/slashbox/roles/environment/layer-arn',
    });
  });

  it('is not told that an object is missing, unless it may list the bucket', async () => {
    const s3 = await s3Of('promote');
    const read = () => s3.send(new GetObjectCommand({ Bucket: packages(), Key: 'environments/none/x' }));
    await expect(read()).rejects.toMatchObject({ name: 'NoSuchKey' });
    await without('promote', 's3:ListBucket', async () => {
      await expect(read()).rejects.toMatchObject({
        name: 'AccessDenied',
        message: expect.stringContaining(`s3:ListBucket on resource: "arn:aws:s3:::${packages()}"`),
      });
    });
  });

  it('fails in DynamoDB’s words in DynamoDB', async () => {
    const dynamo = new DynamoDBClient({ ...(await stage.clientOf('cleanup')), maxAttempts: 1 });
    const read = () =>
      dynamo.send(new GetItemCommand({ TableName: TableName(), Key: { pk: { S: 'a' }, sk: { S: 'b' } } }));
    await read();
    await without('cleanup', 'dynamodb:GetItem', async () => {
      await expect(read()).rejects.toMatchObject({
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 400 },
      });
    });
    await expect(dynamo.send(new ScanCommand({ TableName: TableName() }))).rejects.toThrow(
      /does not say which/,
    );
  });
});

describe('what is signed', () => {
  it('is held to the role of its signer when it is used', async () => {
    const worker = await s3Of('worker');
    const at = { Bucket: files(), Key: 'outputs/7/0' };
    const form = await createPresignedPost(worker, { ...at, Expires: 60 });
    const body = new FormData();
    for (const [name, value] of Object.entries(form.fields)) body.set(name, value);
    body.set('file', new Blob(['made by code'.repeat(20_000)]));
    expect((await fetch(form.url, { method: 'POST', body })).status).toBe(204);
    const url = await getSignedUrl(worker, new GetObjectCommand(at), { expiresIn: 60 });
    expect(await (await fetch(url)).text()).toBe('made by code'.repeat(20_000));
    await without('worker', 's3:PutObject', async () => {
      expect((await fetch(form.url, { method: 'POST', body })).status).toBe(403);
      expect((await fetch(url)).status).toBe(403);
    });
  });

  it('has to be signed with that role’s session', async () => {
    const { credentials, ...client } = await stage.clientOf('worker');
    const read = (change: object) =>
      new S3Client({ ...client, maxAttempts: 1, credentials: { ...credentials, ...change } }).send(
        new GetObjectCommand({ Bucket: files(), Key: 'outputs/7/0' }),
      );
    await expect(read({ secretAccessKey: 'another' })).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    await expect(read({ accessKeyId: 'ASIA0000000000000000' })).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    });
  });
});

it('passes large bodies on as they are', async () => {
  const s3 = await s3Of('rebuild');
  const Body = Buffer.alloc(24_000_000, 'slashbox');
  const at = { Bucket: packages(), Key: 'environments/large/layer.zip' };
  await s3.send(new PutObjectCommand({ ...at, Body, ChecksumAlgorithm: 'SHA256' }));
  const answer = await s3.send(new GetObjectCommand(at));
  const sha256 = (bytes: Uint8Array = new Uint8Array()) => createHash('sha256').update(bytes).digest('hex');
  expect(sha256(await answer.Body?.transformToByteArray())).toBe(sha256(Body));
});

it('deletes a list of objects only where each may be deleted', async () => {
  const s3 = await s3Of('promote');
  const remove = (...keys: string[]) =>
    s3.send(
      new DeleteObjectsCommand({ Bucket: packages(), Delete: { Objects: keys.map((Key) => ({ Key })) } }),
    );
  await expect(remove('environments/large/layer.zip', 'other/x')).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  await expect(remove('environments/large/layer.zip')).resolves.toMatchObject({ Deleted: [{}] });
});
