import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { denialMessage, Refused, refuse } from '../../../local/iam/refusal.ts';

const ARN = 'arn:aws:sts::000000000000:assumed-role/r/f';
const permission = (action: string) => ({ action, resource: 'arn:aws:x' });

let answerWith: unknown;
const server = createServer((request, response) => refuse(response, request, answerWith));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

async function answer(service: string, { method = 'POST', code }: { method?: string; code?: string } = {}) {
  const seen = { function: 'f', action: 'a', resource: 'r' };
  answerWith = new Refused('why & <why>', service, seen, code);
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method });
  const { status, headers } = response;
  return {
    status,
    type: headers.get('content-type'),
    error: headers.get('x-amzn-errortype'),
    body: await response.text(),
  };
}

describe('the message', () => {
  it.each([
    [
      'not allowed',
      'dynamodb:Query',
      `User: ${ARN} is not authorized to perform: dynamodb:Query on resource: arn:aws:x because no identity-based policy allows the dynamodb:Query action`,
    ],
    [
      'denied by the role',
      'ec2:DescribeSubnets',
      `User: ${ARN} is not authorized to perform: ec2:DescribeSubnets on resource: arn:aws:x with an explicit deny in an identity-based policy`,
    ],
    [
      'denied by the resource',
      's3:GetObject',
      `User: ${ARN} is not authorized to perform: s3:GetObject on resource: "arn:aws:x" with an explicit deny in a resource-based policy`,
    ],
  ] as const)('of a call that is %s', (decision, action, message) => {
    expect(denialMessage(decision, permission(action), ARN)).toBe(message);
  });

  it('tells a caller without credentials nothing', () => {
    expect(denialMessage('not allowed', permission('s3:GetObject'), undefined)).toBe('Access Denied');
  });
});

describe('the answer', () => {
  it('is XML in S3, and nothing to a HEAD', async () => {
    expect(await answer('s3')).toMatchObject({ status: 403, type: 'application/xml' });
    expect((await answer('s3')).body).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code><Message>why &amp; &lt;why&gt;<\/Message><RequestId>.+<\/RequestId><HostId>.+<\/HostId><\/Error>$/,
    );
    expect(await answer('s3', { method: 'HEAD' })).toMatchObject({ status: 403, body: '' });
    expect((await answer('s3', { code: 'InvalidAccessKeyId' })).body).toContain(
      '<Code>InvalidAccessKeyId</Code>',
    );
  });

  it.each([
    ['dynamodb', 'application/x-amz-json-1.0', 'com.amazon.coral.service#AccessDeniedException'],
    ['ssm', 'application/x-amz-json-1.1', 'AccessDeniedException'],
  ])('is JSON with status 400 in %s', async (service, type, name) => {
    const { body, ...rest } = await answer(service);
    expect(rest).toMatchObject({ status: 400, type });
    expect(JSON.parse(body)).toEqual({ __type: name, Message: 'why & <why>' });
  });

  it.each(['lambda', 'one that nobody has mapped'])('is JSON with status 403 in %s', async (service) => {
    const { body, ...rest } = await answer(service);
    expect(rest).toMatchObject({ status: 403, type: 'application/json', error: 'AccessDeniedException' });
    expect(JSON.parse(body)).toEqual({ Message: 'why & <why>' });
  });

  it('is a query’s XML in CloudFormation and EC2', async () => {
    expect(await answer('cloudformation')).toMatchObject({
      status: 403,
      body: expect.stringMatching(
        /^<ErrorResponse xmlns="[^"]+"><Error><Type>Sender<\/Type><Code>AccessDenied<\/Code><Message>why/,
      ),
    });
    expect(await answer('ec2')).toMatchObject({
      status: 403,
      body: expect.stringContaining(
        '<Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. why',
      ),
    });
  });

  it('does not tell what went wrong in the gate itself', async () => {
    await answer('s3');
    answerWith = new TypeError('secret');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect([response.status, await response.text()]).toEqual([403, expect.not.stringContaining('secret')]);
  });
});
