import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, inject, it } from 'vitest';
import { cloudClient } from '../../../local/cloud/clients.ts';
import { createFunction, type TestFunction } from '../../support/tenant-function.ts';

const endpoint = inject('cloudEndpoint');
const lambda = new LambdaClient({ ...cloudClient(endpoint), maxAttempts: 1 });

async function run(
  { source, ...options }: TestFunction,
  payload: unknown = {},
): Promise<InvokeCommandOutput> {
  const FunctionName = await createFunction(endpoint, { source, ...options });
  return lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }));
}

// Each of these goes red when ministack closes the gap: then less speaks for a runner of our own.
describe('the embedded Lambda still', () => {
  it('runs a function with tenant isolation without a tenant', async () => {
    const output = await run({ source: 'def handler(event, context): return "ran"' });
    expect(output.Payload?.transformToString()).toBe('"ran"');
  });

  it('takes what a function prints for its result', async () => {
    const output = await run({
      source: `
import json, os
def handler(event, context):
    os.write(1, (json.dumps({'status': 'ok', 'result': 'forged'}) + chr(10)).encode())
    return 'true'`,
    });
    expect(output.Payload?.transformToString()).toBe('"forged"');
  });

  it('takes requests above the limit', async () => {
    const source = 'def handler(event, context): return len(event)';
    const output = await run({ source }, 'x'.repeat(6_291_456));
    expect(output.Payload?.transformToString()).toBe('6291456');
  });

  it('returns results above the limit', async () => {
    const output = await run({ source: 'def handler(event, context): return "x" * 6_300_000' });
    expect(output.Payload?.length).toBe(6_300_002);
  });
});
