import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListLayerVersionsCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cloudClient } from '../../../local/cloud/clients.ts';
import { createRoleSessions, type RoleSessions } from '../../../local/runner/role-sessions.ts';
import { createRole } from '../../support/tenant-function.ts';

const endpoint = inject('cloudEndpoint');
let sessions: RoleSessions;
beforeAll(() => {
  sessions = createRoleSessions(endpoint);
});
afterAll(() => sessions.close());

/** A client's configuration with a session of a role that has these statements. */
async function as(RoleName: string, ...Statement: object[]) {
  const roleArn = await createRole(endpoint, RoleName);
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const iam = new IAMClient(cloudClient(endpoint));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
  const session = await sessions.of({ name: RoleName, roleArn });
  const credentials = {
    accessKeyId: session.AWS_ACCESS_KEY_ID,
    secretAccessKey: session.AWS_SECRET_ACCESS_KEY,
    sessionToken: session.AWS_SESSION_TOKEN,
  };
  return { ...cloudClient(endpoint), credentials, maxAttempts: 1 };
}
const allow = (Action: string) => ({ Effect: 'Allow', Action, Resource: '*' });

// Each of these goes red when ministack closes the gap: then less speaks for a gate of our own.
describe('the embedded AWS’s own enforcement still', () => {
  it('takes one action for another', async () => {
    const lambda = new LambdaClient(await as('why-layers', allow('lambda:ListLayerVersions')));
    const call = lambda.send(new ListLayerVersionsCommand({ LayerName: 'any' }));
    await expect(call).rejects.toThrow('not authorized to perform: lambda:ListLayers');
  });

  it('does not know from which function a call comes', async () => {
    const Condition = { ArnLike: { 'lambda:SourceFunctionArn': 'arn:aws:lambda:*:*:function:*' } };
    const deny = { Effect: 'Deny', NotAction: 'logs:*', Resource: '*', Condition };
    const s3 = new S3Client(await as('why-source', allow('s3:*'), deny));
    await s3.send(new CreateBucketCommand({ Bucket: 'why-source' }));
  });

  it('passes over a denial that it does not understand', async () => {
    const deny = { ...allow('s3:*'), Effect: 'Deny', Condition: { Madeup: { 'aws:PrincipalArn': '*' } } };
    const s3 = new S3Client(await as('why-operator', allow('s3:*'), deny));
    await s3.send(new CreateBucketCommand({ Bucket: 'why-operator' }));
  });

  it('tells whoever may not list a bucket which objects are not there', async () => {
    await new S3Client(cloudClient(endpoint)).send(new CreateBucketCommand({ Bucket: 'why-missing' }));
    const s3 = new S3Client(await as('why-missing', allow('s3:GetObject')));
    const call = s3.send(new GetObjectCommand({ Bucket: 'why-missing', Key: 'x' }));
    await expect(call).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('names no resource in what it says, and answers DynamoDB’s clients with another status', async () => {
    const dynamo = new DynamoDBClient(await as('why-words', allow('s3:GetObject')));
    const call = dynamo.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }));
    await expect(call).rejects.toMatchObject({
      message: expect.not.stringContaining(' on resource: '),
      $metadata: { httpStatusCode: 403 },
    });
  });
});
