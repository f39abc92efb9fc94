import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../local/iam/calls/call.ts';
import { bodyNeeds, permissionsOf } from '../../../../local/iam/calls/permissions.ts';
import type { Permission } from '../../../../local/iam/evaluate.ts';

interface TestCall {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  readonly form?: Readonly<Record<string, string>>;
}

/** @param line method, then path and query */
function call(service: string, line: string, { headers = {}, body = '', form = {} }: TestCall = {}): Call {
  const [method = '', target = ''] = line.split(' ');
  const { pathname: path, searchParams: query } = new URL(target, 'http://gate');
  return {
    ...{ service, method, path, query, headers },
    region: 'us-east-1',
    account: '000000000000',
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    form: new Map(Object.entries(form)),
  };
}

const need = (...given: Parameters<typeof call>): readonly string[] | undefined =>
  permissionsOf(call(...given))?.map(({ action, resource }: Permission) => `${action} ${resource}`);
const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;

describe('S3', () => {
  it.each([
    ['GET /b/k', ['s3:GetObject arn:aws:s3:::b/k']],
    ['HEAD /b/environments/a%20b/x?x-id=HeadObject', ['s3:GetObject arn:aws:s3:::b/environments/a b/x']],
    ['GET /b/k?response-content-type=x&X-Amz-Expires=60', ['s3:GetObject arn:aws:s3:::b/k']],
    ['PUT /b/k?x-id=PutObject', ['s3:PutObject arn:aws:s3:::b/k']],
    ['DELETE /b/a/b', ['s3:DeleteObject arn:aws:s3:::b/a/b']],
    ['GET /b?list-type=2&prefix=a%2F', ['s3:ListBucket arn:aws:s3:::b']],
    ['GET /b/?list-type=2', ['s3:ListBucket arn:aws:s3:::b']],
    ['HEAD /b', ['s3:ListBucket arn:aws:s3:::b']],
  ])('%s', (line, wanted) => {
    expect(need('s3', line)).toEqual(wanted);
  });

  it('says which prefix a listing asks for', () => {
    expect(permissionsOf(call('s3', 'GET /b?list-type=2&prefix=outputs%2F1'))?.[0]?.context).toEqual({
      's3:prefix': 'outputs/1',
    });
    expect(permissionsOf(call('s3', 'GET /b?list-type=2'))?.[0]?.context).toBeUndefined();
  });

  it('reads the source of a copy as well', () => {
    const from = (source: string) => need('s3', 'PUT /b/k', { headers: { 'x-amz-copy-source': source } });
    expect(from('/c/a%2Fb')).toEqual(['s3:PutObject arn:aws:s3:::b/k', 's3:GetObject arn:aws:s3:::c/a/b']);
    expect(from('c/x?versionId=1')?.[1]).toMatch(/^s3:GetObjectVersion /);
  });

  it('reads what is to be written over only if it matches', () => {
    const put = (header: string) => need('s3', 'PUT /b/k', { headers: { [header]: '"1"' } });
    expect(put('if-match')).toEqual(['s3:PutObject arn:aws:s3:::b/k', 's3:GetObject arn:aws:s3:::b/k']);
    expect(put('if-none-match')).toEqual(['s3:PutObject arn:aws:s3:::b/k']);
  });

  it('deletes every key of a list', () => {
    const list = (xml: string) => need('s3', 'POST /b?delete', { body: `<Delete>${xml}</Delete>` });
    expect(list('<Object><Key>a&amp;b</Key></Object><Object><Key>c&#x2F;&#100;</Key></Object>')).toEqual([
      's3:DeleteObject arn:aws:s3:::b/a&b',
      's3:DeleteObject arn:aws:s3:::b/c/d',
    ]);
    expect(list('<Object><Key>a</Key><VersionId>1</VersionId></Object>')).toBeUndefined();
    expect(list('<Object><Key>a</Key></Object><Object></Object>')).toBeUndefined();
    expect(list('')).toBeUndefined();
  });

  it('puts the key that a form names', () => {
    expect(need('s3', 'POST /b', { form: { key: 'outputs/1/0' } })).toEqual([
      's3:PutObject arn:aws:s3:::b/outputs/1/0',
    ]);
    expect(need('s3', 'POST /b', { form: { key: 'k', acl: 'public-read' } })).toBeUndefined();
  });
});

describe('DynamoDB', () => {
  const target = (operation: string) => ({ 'x-amz-target': `DynamoDB_20120810.${operation}` });
  const table = arn('dynamodb', 'table/t');

  it.each(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'])('%s, on its table', (operation) => {
    expect(need('dynamodb', 'POST /', { headers: target(operation), body: { TableName: 't' } })).toEqual([
      `dynamodb:${operation} ${table}`,
    ]);
  });

  it('a query of an index, on the index', () => {
    const body = { TableName: 't', IndexName: 'due' };
    expect(need('dynamodb', 'POST /', { headers: target('Query'), body })).toEqual([
      `dynamodb:Query ${table}/index/due`,
    ]);
  });

  it('a transaction, as each of its items', () => {
    const at = { TableName: 't' };
    const body = { TransactItems: [{ Update: at }, { Put: at }, { Delete: at }, { ConditionCheck: at }] };
    const headers = target('TransactWriteItems');
    expect(need('dynamodb', 'POST /', { headers, body })).toEqual(
      ['UpdateItem', 'PutItem', 'DeleteItem', 'ConditionCheckItem'].map(
        (name) => `dynamodb:${name} ${table}`,
      ),
    );
    for (const TransactItems of [[], [{ Update: {} }], [{ Update: at }, { Other: at }], [null]]) {
      expect(need('dynamodb', 'POST /', { headers, body: { TransactItems } })).toBeUndefined();
    }
  });
});

describe('Lambda', () => {
  const worker = arn('lambda', 'function:worker');
  const layer = arn('lambda', 'layer:env');

  it.each([
    ['POST /2015-03-31/functions/worker/invocations', [`lambda:InvokeFunction ${worker}`]],
    [
      'POST /2015-03-31/functions/worker/invocations?Qualifier=live',
      [`lambda:InvokeFunction ${worker}:live`],
    ],
    [
      `POST /2015-03-31/functions/${encodeURIComponent(worker)}/invocations`,
      [`lambda:InvokeFunction ${worker}`],
    ],
    ['GET /2015-03-31/functions/worker/configuration', [`lambda:GetFunctionConfiguration ${worker}`]],
    ['GET /2018-10-31/layers/env/versions?MaxItems=50', [`lambda:ListLayerVersions ${layer}`]],
    ['DELETE /2018-10-31/layers/env/versions/3', [`lambda:DeleteLayerVersion ${layer}:3`]],
    [
      `GET /2018-10-31/layers?find=LayerVersion&Arn=${encodeURIComponent(`${layer}:3`)}`,
      [`lambda:GetLayerVersion ${layer}:3`],
    ],
  ])('%s', (line, wanted) => {
    expect(need('lambda', line)).toEqual(wanted);
  });

  it('gives a function layers that the caller can read, and names them for conditions', () => {
    const body = { Layers: [`${layer}:3`] };
    const update = call('lambda', 'PUT /2015-03-31/functions/worker/configuration', { body });
    expect(permissionsOf(update)).toEqual([
      {
        action: 'lambda:UpdateFunctionConfiguration',
        resource: worker,
        context: { 'lambda:layer': [`${layer}:3`] },
      },
      { action: 'lambda:GetLayerVersion', resource: `${layer}:3` },
    ]);
  });

  it('publishes a layer from an object that the caller can read', () => {
    const publish = (Content: object) =>
      need('lambda', 'POST /2018-10-31/layers/env/versions', { body: { Content } });
    expect(publish({ S3Bucket: 'b', S3Key: 'layer.zip' })).toEqual([
      `lambda:PublishLayerVersion ${layer}`,
      's3:GetObject arn:aws:s3:::b/layer.zip',
    ]);
    expect(publish({ ZipFile: '' })).toEqual([`lambda:PublishLayerVersion ${layer}`]);
    expect(publish({})).toBeUndefined();
  });
});

describe('SSM, CloudFormation and EC2', () => {
  it('name parameters without the slash that they begin with', () => {
    const headers = { 'x-amz-target': 'AmazonSSM.GetParameterHistory' };
    const body = { Name: '/slashbox/local/environment/layer-arn' };
    expect(need('ssm', 'POST /', { headers, body })).toEqual([
      `ssm:GetParameterHistory ${arn('ssm', 'parameter/slashbox/local/environment/layer-arn')}`,
    ]);
  });

  it('name a stack by an ARN that ends in an id', () => {
    const body = 'Action=DescribeStacks&Version=2010-05-15&StackName=slashbox-local';
    expect(need('cloudformation', 'POST /', { body })?.[0]).toMatch(
      new RegExp(`^cloudformation:DescribeStacks ${arn('cloudformation', 'stack/slashbox-local/')}[0-9-]+$`),
    );
  });

  it('take what a VPC function’s role may do, on anything', () => {
    expect(need('ec2', 'POST /', { body: 'Action=CreateNetworkInterface' })).toEqual([
      'ec2:CreateNetworkInterface *',
    ]);
  });
});

describe('what nobody has mapped', () => {
  const json = (target: string, body: object = { TableName: 't', Name: 'n' }): TestCall => ({
    headers: { 'x-amz-target': target },
    body,
  });
  it.each<[string, string, TestCall?]>([
    ['another service', 'sqs POST /', json('AmazonSQS.SendMessage')],
    ['a name that every object has', 'constructor POST /'],
    ['another operation of DynamoDB', 'dynamodb POST /', json('DynamoDB_20120810.Scan')],
    ['a target of another service', 'dynamodb POST /', json('AmazonSSM.GetParameter')],
    ['a body that is not JSON', 'dynamodb POST /', { ...json('DynamoDB_20120810.GetItem'), body: '{' }],
    ['another operation of SSM', 'ssm POST /', json('AmazonSSM.DeleteParameter')],
    ['tags on a parameter', 'ssm POST /', json('AmazonSSM.PutParameter', { Name: 'n', Tags: [] })],
    ['all stacks', 'cloudformation POST /', { body: 'Action=DescribeStacks' }],
    ['another operation of EC2', 'ec2 POST /', { body: 'Action=RunInstances' }],
    ['code of a function', 'lambda PUT /2015-03-31/functions/worker/code'],
    ['a response that streams', 'lambda POST /2021-11-15/functions/worker/response-streaming-invocations'],
    ['all buckets', 's3 GET /'],
    ['part of an object', 's3 PUT /b/k?partNumber=1&uploadId=2'],
    ['a version', 's3 GET /b/k?versionId=1'],
    ['a bucket’s policy', 's3 GET /b?policy'],
    ['a new bucket', 's3 PUT /b'],
    ['an ACL beside an object', 's3 PUT /b/k', { headers: { 'x-amz-acl': 'public-read' } }],
  ])('%s', (_, line, more = {}) => {
    const [service = '', ...rest] = line.split(' ');
    expect(need(service, rest.join(' '), more)).toBeUndefined();
  });
});

describe('a body is looked into', () => {
  const needs = (service: string | undefined, line: string, headers: Record<string, string> = {}) =>
    bodyNeeds({ ...call('', line, { headers }), service });
  it('where it names what is touched, and otherwise streams', () => {
    expect(needs('s3', 'PUT /b/k')).toBe('none');
    expect(needs('s3', 'POST /b?delete')).toBe('whole');
    expect(needs('lambda', 'POST /2015-03-31/functions/f/invocations')).toBe('none');
    expect(needs('lambda', 'PUT /2015-03-31/functions/f/configuration')).toBe('whole');
    expect(needs('dynamodb', 'POST /')).toBe('whole');
    expect(needs(undefined, 'GET /b/k')).toBe('none');
    expect(needs(undefined, 'POST /b', { 'content-type': 'multipart/form-data; boundary=x' })).toBe('form');
  });
});
