import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cloudClient } from '../../../local/cloud/clients.ts';
import { publishLayer, updateFunction } from '../../support/tenant-function.ts';
import { COUNTER, resultOf, startTestRunner, type TestRunner } from '../../support/test-runner.ts';
import { until } from '../../support/until.ts';

const endpoint = inject('cloudEndpoint');
let runner: TestRunner;
beforeAll(async () => {
  runner = await startTestRunner();
});
afterAll(() => runner.remove());

describe('a function with tenant isolation', () => {
  it('is run with its tenant, its configuration and its time', async () => {
    const name = await runner.create({
      source: `
def handler(event, context):
  return {'event': event, 'tenant': context.tenant_id, 'arn': context.invoked_function_arn,
          'name': context.function_name, 'memory': context.memory_limit_in_mb,
          'left': context.get_remaining_time_in_millis()}`,
      timeoutSeconds: 20,
      memoryMegabytes: 512,
    });
    const output = await runner.invoke(name, '42', { payload: { a: 'ä' } });
    expect(resultOf(output)).toMatchObject({
      event: { a: 'ä' },
      tenant: '42',
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      name,
      memory: '512',
    });
    expect((resultOf(output) as { left: number }).left).toBeGreaterThan(10_000);
    expect(output.ExecutedVersion).toBe('$LATEST');
    expect(output.FunctionError).toBeUndefined();
  });

  it('is refused without a tenant, and runs nothing', async () => {
    const name = await runner.create({ source: 'print("ran")\ndef handler(event, context): pass' });
    await expect(runner.invoke(name, undefined)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('Add a valid tenant ID'),
    });
    expect(runner.logged.join()).not.toContain('ran');
  });

  it('has one process for each tenant, and uses it again', async () => {
    const name = await runner.create({ source: COUNTER });
    const results = [];
    for (const tenant of ['a', 'b', 'a', 'b']) results.push(resultOf(await runner.invoke(name, tenant)));
    const [a1, b1, a2, b2] = results as { pid: number; count: number }[];
    expect([a2?.pid, b2?.pid]).toEqual([a1?.pid, b1?.pid]);
    expect(a1?.pid).not.toBe(b1?.pid);
    expect([a1, b1, a2, b2].map((result) => result?.count)).toEqual([1, 1, 2, 2]);
  });

  it('runs one invocation at a time in a process, and two in two', async () => {
    const name = await runner.create({
      source: `
import os, time
def handler(event, context):
  time.sleep(event['seconds'])
  return os.getpid()`,
    });
    const both = await Promise.all([
      runner.invoke(name, 'a', { payload: { seconds: 0.5 } }),
      runner.invoke(name, 'a', { payload: { seconds: 0.5 } }),
    ]);
    expect(new Set(both.map(resultOf)).size).toBe(2);
  });

  it('takes new code at the next invocation', async () => {
    const name = await runner.create({ source: 'def handler(event, context): return 1' });
    expect(resultOf(await runner.invoke(name, 'a'))).toBe(1);
    await updateFunction(endpoint, name, 'def handler(event, context): return 2');
    expect(resultOf(await runner.invoke(name, 'a'))).toBe(2);
  });

  it('finds its layers, the later over the earlier, with programs that run', async () => {
    const layers = [
      await publishLayer(endpoint, { 'python/first.py': 'X = 1', 'python/both.py': 'X = 1' }),
      await publishLayer(endpoint, { 'python/both.py': 'X = 2', 'bin/tool!': '#!/bin/sh\necho tool' }),
    ];
    const source = `
import os, subprocess, first, both
root = os.environ['SLASHBOX_LAYER_ROOT']
def handler(event, context):
  return [first.X, both.X, subprocess.check_output([root + '/bin/tool'], text=True)]`;
    const name = await runner.create({ source, layers });
    expect(resultOf(await runner.invoke(name, 'a'))).toEqual([1, 2, 'tool\n']);
  });

  it("sees nothing of this machine's environment", async () => {
    process.env.SLASHBOX_TEST_SECRET = 'of the host';
    const name = await runner.create({
      source: 'import os\ndef handler(event, context): return dict(os.environ)',
      environment: { OWN: 'variable', PATH: '/wrong' },
    });
    const variables = resultOf(await runner.invoke(name, 'a')) as Record<string, string>;
    expect(variables).toMatchObject({ OWN: 'variable', AWS_LAMBDA_FUNCTION_NAME: name });
    expect(variables.PATH).not.toContain('/wrong');
    const known =
      /^(OWN|PATH|LANG|LC_CTYPE|TZ|TMPDIR|_HANDLER|_X_AMZN_TRACE_ID|SLASHBOX_LAYER_ROOT|(AWS|LAMBDA)_\w+)$/;
    expect(Object.keys(variables).filter((variable) => !known.test(variable))).toEqual([]);
    expect(JSON.stringify(variables)).not.toContain('of the host');
  });

  it('has a session of its role, under its own name', async () => {
    const source = 'import os\ndef handler(event, context): return dict(os.environ)';
    const name = await runner.create({ source });
    const variables = resultOf(await runner.invoke(name, 'a')) as Record<string, string>;
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = variables;
    const credentials = { accessKeyId, secretAccessKey, sessionToken: variables.AWS_SESSION_TOKEN ?? '' };
    const sts = new STSClient({ ...cloudClient(endpoint), credentials });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(
      `arn:aws:sts::000000000000:assumed-role/test/${name}`,
    );
  });

  it('has a temporary folder of its own that goes with it', async () => {
    const name = await runner.create({
      source: `
import os, tempfile
def handler(event, context):
  made = tempfile.mkdtemp()
  os.makedirs(made + '/x' * 100)
  os.chmod(made, 0)
  return made
`,
    });
    const made = resultOf(await runner.invoke(name, 'a')) as string;
    expect(made.startsWith(join(runner.home, 'environments'))).toBe(true);
    await updateFunction(endpoint, name, 'def handler(event, context): pass');
    await runner.invoke(name, 'a');
    const mine = made.slice(runner.home.length + 1).split('/')[1] ?? '';
    await until(async () => !(await readdir(join(runner.home, 'environments'))).includes(mine));
  });

  it('can be invoked to run later', async () => {
    const name = await runner.create({ source: 'def handler(event, context): print("later", event["x"])' });
    const output = await runner.invoke(name, 'a', { payload: { x: 7 }, type: 'Event' });
    expect(output.StatusCode).toBe(202);
    await until(() => runner.logged.includes('later 7'));
  });

  it('can be asked whether it could be invoked', async () => {
    const name = await runner.create({ source: 'print("ran dry")\ndef handler(event, context): pass' });
    expect((await runner.invoke(name, 'a', { type: 'DryRun' })).StatusCode).toBe(204);
    await expect(runner.invoke(name, undefined, { type: 'DryRun' })).rejects.toThrow(/tenant ID/);
    expect(runner.logged.join()).not.toContain('ran dry');
  });

  it('has no other version, and no other way to be invoked', async () => {
    const name = await runner.create({ source: 'def handler(event, context): pass' });
    await expect(runner.invoke(name, 'a', { qualifier: 'live' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    for (const path of [
      `2014-11-13/functions/${name}/invoke-async/`,
      `2021-11-15/functions/${name}/response-streaming-invocations`,
    ]) {
      const response = await fetch(`${runner.url}/${path}`, { method: 'POST', body: '{}' });
      expect(response.status).toBe(400);
    }
  });
});
