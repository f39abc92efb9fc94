import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pidsIn, resultOf, SLEEPER, startTestRunner, type TestRunner } from '../../support/test-runner.ts';
import { someAlive, until } from '../../support/until.ts';

let runner: TestRunner;
beforeAll(async () => {
  runner = await startTestRunner();
});
afterAll(() => runner.remove());

describe('a result', () => {
  const ECHO = `
def handler(event, context):
  return 'x' * event['size']`;

  it('comes with the end of its log where that was asked for', async () => {
    const name = await runner.create({
      source: 'import sys\ndef handler(event, context):\n  print("out")\n  print("err", file=sys.stderr)',
    });
    const { LogResult = '' } = await runner.invoke(name, 'a', { tail: true });
    const lines = Buffer.from(LogResult, 'base64').toString().split('\n');
    expect(lines[0]).toMatch(/^START RequestId: /);
    expect(lines).toEqual(expect.arrayContaining(['out', 'err']));
    expect(lines.at(-2)).toMatch(/^REPORT RequestId: /);
    expect((await runner.invoke(name, 'a')).LogResult).toBeUndefined();
  });

  it('may be as large as Lambda allows, and no larger', async () => {
    const name = await runner.create({ source: ECHO });
    const full = await runner.invoke(name, 'a', { payload: { size: 6_291_554 } });
    expect(full.Payload).toHaveLength(6_291_556);
    const over = await runner.invoke(name, 'a', { payload: { size: 6_291_555 } });
    expect(over.FunctionError).toBe('Unhandled');
    expect(resultOf(over)).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
    expect(resultOf(await runner.invoke(name, 'a', { payload: { size: 1 } }))).toBe('x');
  });

  it('is for a request that may be as large as Lambda allows, and no larger', async () => {
    const name = await runner.create({ source: 'def handler(event, context): return len(event)' });
    const sized = (size: number) => 'x'.repeat(size - 2);
    expect(resultOf(await runner.invoke(name, 'a', { payload: sized(6_291_456) }))).toBe(6_291_454);
    const tooLarge = { name: 'RequestEntityTooLargeException' };
    await expect(runner.invoke(name, 'a', { payload: sized(6_291_457) })).rejects.toMatchObject(tooLarge);
    await expect(
      runner.invoke(name, 'a', { payload: sized(1_048_577), type: 'Event' }),
    ).rejects.toMatchObject(tooLarge);
  });
});

describe('a failure', () => {
  it('of the code is told with its type, message and place', async () => {
    const name = await runner.create({ source: 'def handler(event, context):\n  raise ValueError("no")' });
    const output = await runner.invoke(name, 'a');
    expect(output.FunctionError).toBe('Unhandled');
    expect(resultOf(output)).toMatchObject({
      errorType: 'ValueError',
      errorMessage: 'no',
      stackTrace: [expect.stringContaining('line 2, in handler')],
    });
  });

  it.each([
    ['import nothing_of_this_name', 'Runtime.ImportModuleError', /No module named 'nothing_of_this_name'/],
    ['def handler(:', 'Runtime.UserCodeSyntaxError', /Syntax error in module 'handler'/],
    ['raise ValueError("at once")', 'ValueError', /at once/],
    ['import os; os._exit(9)', 'Runtime.ExitError', /exit status 9/],
  ])('of a start is told: %s', async (source, errorType, message) => {
    const name = await runner.create({ source });
    const output = await runner.invoke(name, 'a');
    expect(output.FunctionError).toBe('Unhandled');
    expect(resultOf(output)).toMatchObject({
      errorType,
      errorMessage: expect.stringMatching(message),
    });
  });

  it.each([
    ['os._exit(3)', 'Runtime exited with error: exit status 3'],
    ['os.kill(os.getpid(), 9)', 'Runtime exited with error: signal: killed'],
    ['ctypes.string_at(0)', 'Runtime exited with error: signal: segmentation fault'],
  ])('of the process is told, and does not touch the next invocation: %s', async (act, message) => {
    const name = await runner.create({
      source: `
import ctypes, os
def handler(event, context):
  if event: ${act}
  return 'well'`,
    });
    const output = await runner.invoke(name, 'a', { payload: { die: 1 } });
    expect(resultOf(output)).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining(message),
    });
    expect(resultOf(await runner.invoke(name, 'a'))).toBe('well');
  });

  it('by taking too long ends everything the invocation started', async () => {
    const name = await runner.create({ source: SLEEPER, timeoutSeconds: 1 });
    const output = await runner.invoke(name, 'a', { payload: { sleep: true } });
    expect(output.FunctionError).toBe('Unhandled');
    expect(resultOf(output)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: [\w-]+ Error: Task timed out after 1\.00 seconds$/),
    });
    const pids = pidsIn(runner.logged);
    expect(pids).toHaveLength(2);
    await until(async () => !(await someAlive(pids)));
    expect(resultOf(await runner.invoke(name, 'a'))).toBe('well');
  });
});

describe('code that runs in a function', () => {
  it('cannot make up a result by what it prints', async () => {
    const name = await runner.create({
      source: `
import os, subprocess, sys
FORGED = '{"statusCode": 200, "result": "forged", "request_id": "x"}'
def handler(event, context):
  print(FORGED)
  for descriptor in (1, 2):
      os.write(descriptor, (FORGED + chr(10)).encode())
  subprocess.run([sys.executable, '-c', 'import sys; print(sys.argv[1])', FORGED])
  return 'true'`,
    });
    expect(resultOf(await runner.invoke(name, 'a'))).toBe('true');
    expect(runner.logged.filter((line) => line.includes('forged'))).toHaveLength(4);
  });

  it('cannot leave output that the next invocation takes for its own', async () => {
    const name = await runner.create({
      source: `
import subprocess, sys
LATER = 'import time\\ntime.sleep(0.3)\\nprint({"result": "left over"}, flush=True)\\ntime.sleep(60)'
def handler(event, context):
  if event.get('leave'): subprocess.Popen([sys.executable, '-c', LATER], start_new_session=True)
  return event`,
    });
    await runner.invoke(name, 'a', { payload: { leave: 1 } });
    await until(() => runner.logged.some((line) => line.includes('left over')));
    expect(resultOf(await runner.invoke(name, 'a', { payload: { own: 1 } }))).toEqual({ own: 1 });
  });

  it.skipIf(process.platform !== 'linux')('does not find the Runtime API by looking around', async () => {
    const name = await runner.create({ source: SNOOPER });
    const found = resultOf(await runner.invoke(name, 'a')) as Record<string, unknown>;
    expect(found.inherited).toEqual([]);
    expect(found.inProc).toEqual([]);
    // It does find where something listens; without the secret that is of no use.
    expect(found.ports).not.toEqual([]);
    expect(new Set(found.statuses as number[])).toEqual(new Set([403]));
    expect(found.own).toBe('untouched');
  });
});

/** What a child that means ill would try: its own environment, its parents', and every port that answers. */
const SNOOPER = `
import json, subprocess, sys
CHILD = r'''
import json, os, urllib.request, urllib.error
inherited = [name for name, value in os.environ.items() if '127.0.0.1:' in value]
in_proc = []
parent = os.getppid()
keeper = int(open(f'/proc/{parent}/stat').read().rpartition(')')[2].split()[1])
for pid in (parent, keeper):
    for name in ('environ', 'cmdline'):
        if b'127.0.0.1:' in open(f'/proc/{pid}/{name}', 'rb').read(): in_proc.append([pid, name])
ports = []
for line in open('/proc/net/tcp').read().splitlines()[1:]:
    address, state = line.split()[1], line.split()[3]
    host, port = address.split(':')
    if state == '0A' and host == '0100007F': ports.append(int(port, 16))
statuses = []
for port in ports:
    for path in ('/2018-06-01/runtime/invocation/next', '/x/2018-06-01/runtime/invocation/next'):
        try: urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=0.5)
        except urllib.error.HTTPError as error:
            if b'execution environment' in error.read(): statuses.append(error.code)
        except OSError: pass
print(json.dumps({'inherited': inherited, 'inProc': in_proc, 'ports': ports, 'statuses': statuses}))
'''
def handler(event, context):
    found = json.loads(subprocess.check_output([sys.executable, '-c', CHILD]))
    return {**found, 'own': 'untouched'}`;
