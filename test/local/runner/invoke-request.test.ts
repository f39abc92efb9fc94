import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkSize,
  readInvocation,
  readInvocationType,
  readTarget,
  readTenantId,
} from '../../../local/runner/invoke-request.ts';

function request(
  url: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): IncomingMessage {
  return Object.assign(Readable.from([Buffer.from(body)]), {
    method: 'POST',
    url,
    headers,
  }) as unknown as IncomingMessage;
}

const invocations = (name: string, query = '') =>
  request(`/2015-03-31/functions/${encodeURIComponent(name)}/invocations${query}`);
const withHeader = (name: string, value: string) => request('/', { [name]: value });

describe('the target of an Invoke call', () => {
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:executor';

  it.each([
    ['executor', undefined],
    ['executor:$LATEST', '$LATEST'],
    ['executor:live', 'live'],
    [arn, undefined],
    [`${arn}:7`, '7'],
    ['000000000000:function:executor', undefined],
  ])('is found in %j', (name, qualifier) => {
    expect(readTarget(invocations(name))).toEqual({ functionName: 'executor', qualifier, isPlain: true });
  });

  it('may have its qualifier in the query', () => {
    expect(readTarget(invocations('executor', '?Qualifier=live'))?.qualifier).toBe('live');
  });

  it.each([
    '/2014-11-13/functions/executor/invoke-async',
    '/2014-11-13/functions/executor/invoke-async/',
    '/2021-11-15/functions/executor/response-streaming-invocations',
  ])('is known by the other ways to invoke too: %s', (url) => {
    expect(readTarget(request(url))).toEqual({
      functionName: 'executor',
      qualifier: undefined,
      isPlain: false,
    });
  });

  it.each([
    '/2015-03-31/functions',
    '/2015-03-31/functions/executor',
    '/',
    '/2015-03-31/layers/x/invocations',
  ])('is not in another call: %s', (url) => {
    expect(readTarget(request(url))).toBeUndefined();
  });

  it('is never overlooked: a name is understood or refused, but not passed on', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (name) => {
        let target: unknown;
        try {
          target = readTarget(invocations(name));
        } catch (error) {
          expect(error).toMatchObject({ status: 400 });
          return;
        }
        expect(target).toBeDefined();
      }),
    );
  });
});

describe('an Invoke call', () => {
  it('needs a tenant id that Lambda would take', () => {
    expect(readTenantId(withHeader('x-amz-tenant-id', '123456789012345678'))).toBe('123456789012345678');
    for (const wrong of ['', 'a'.repeat(257), 'a\tb', 'ä', 'a,b']) {
      expect(() => readTenantId(withHeader('x-amz-tenant-id', wrong))).toThrow(/Add a valid tenant ID/);
    }
    expect(() => readTenantId(request('/'))).toThrow(/Add a valid tenant ID/);
  });

  it('has one of three types', () => {
    expect(readInvocationType(request('/'))).toBe('RequestResponse');
    expect(readInvocationType(withHeader('x-amz-invocation-type', 'Event'))).toBe('Event');
    expect(() => readInvocationType(withHeader('x-amz-invocation-type', 'Later'))).toThrow(/Later/);
  });

  it.each([
    ['RequestResponse', 6_291_456],
    ['Event', 1_048_576],
  ] as const)('of type %s is limited to %d bytes', async (type, limit) => {
    const sized = (size: number) => withHeader('content-length', String(size));
    expect(() => checkSize(sized(limit), type)).not.toThrow();
    expect(() => checkSize(sized(limit + 1), type)).toThrow(
      `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
    );
    const body = (size: number) => request('/', {}, `"${'x'.repeat(size - 2)}"`);
    await expect(readInvocation(body(limit), type, 't')).resolves.toMatchObject({
      payload: { length: limit },
    });
    await expect(readInvocation(body(limit + 1), type, 't')).rejects.toMatchObject({ status: 413 });
  });

  it('without a body has an empty event', async () => {
    const { payload } = await readInvocation(request('/'), 'RequestResponse', 't');
    expect(payload.toString()).toBe('{}');
  });

  it('has to carry JSON', async () => {
    await expect(readInvocation(request('/', {}, '{'), 'RequestResponse', 't')).rejects.toMatchObject({
      status: 400,
      type: 'InvalidRequestContentException',
    });
  });

  it('passes a client context on in a form that a header can carry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const json = JSON.stringify(value);
        const encoded = Buffer.from(json).toString('base64');
        const read = request('/', { 'x-amz-client-context': encoded });
        const { clientContext = '' } = await readInvocation(read, 'RequestResponse', 't');
        expect(clientContext).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(clientContext)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('asks for its log only where it also waits for the result', async () => {
    const tail = { 'x-amz-log-type': 'Tail' };
    expect((await readInvocation(request('/', tail), 'RequestResponse', 't')).wantsLog).toBe(true);
    expect((await readInvocation(request('/', tail), 'Event', 't')).wantsLog).toBe(false);
  });
});
