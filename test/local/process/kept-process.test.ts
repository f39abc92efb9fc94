import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeptCommand, LOCK_IS_TAKEN, startKept } from '../../../local/process/kept-process.ts';
import { ensureSetup } from '../../../scripts/setup.mjs';
import { someAlive, until } from '../../support/until.ts';

let python = '';
let folder = '';

beforeAll(async () => {
  ({
    python: { executor: python },
  } = await ensureSetup({ need: ['executor'] }));
  folder = await mkdtemp(join(tmpdir(), 'slashbox-kept-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A child that leaves its group and session, and a grandchild whose parent is gone at once. */
const DAEMONS = `
import os, sys, time
def note(name): open(os.path.join(sys.argv[1], name), 'w').write(str(os.getpid()))
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid(); os.close(1); os.close(2); note('orphan'); time.sleep(600)
    note('detached'); time.sleep(600)
note('main'); time.sleep(600)
`;

function run(source: string, options: Partial<KeptCommand> = {}, ...args: string[]) {
  return startKept({
    python,
    command: [python, '-c', source, ...args],
    cwd: folder,
    environment: {},
    graceSeconds: 0,
    ...options,
  });
}

async function pidsIn(directory: string): Promise<number[]> {
  const names = ['main', 'detached', 'orphan'];
  const read = async (name: string) => Number(await readFile(join(directory, name), 'utf8').catch(() => '0'));
  await until(async () => (await Promise.all(names.map(read))).every((pid) => pid > 0));
  return Promise.all(names.map(read));
}

/** Without Linux's subreapers, what detaches itself cannot be found again. */
const itFindsOrphans = it.skipIf(process.platform !== 'linux');

describe('a kept process', () => {
  it('ends as its program did: by exit code', async () => {
    expect(await run('raise SystemExit(3)').ended).toEqual({ code: 3, signal: null });
  });

  it('ends as its program did: by signal', async () => {
    const kept = run('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)');
    expect(await kept.ended).toEqual({ code: null, signal: 'SIGSEGV' });
  });

  it('says so when the program cannot be run', async () => {
    const kept = run('', { command: ['/nowhere/program'] });
    expect(await text(kept.stderr)).toContain('/nowhere/program cannot be run');
    expect(await kept.ended).toEqual({ code: 127, signal: null });
  });

  it('gives its program the environment it was given, and no other', async () => {
    const kept = run('import os; print(sorted(os.environ))', { environment: { ONLY: '1' } });
    // LC_CTYPE is set by the interpreter itself where the locale is the C one.
    expect((await text(kept.stdout)).replace("'LC_CTYPE', ", '')).toBe("['ONLY']\n");
  });

  it('hands over what must not show in the environment, and no other descriptor', async () => {
    const source = `
import os
def is_open(descriptor):
    try: os.fstat(descriptor)
    except OSError: return False
    return True
print([descriptor for descriptor in range(1024) if is_open(descriptor)], os.fdopen(3).read())`;
    const kept = run(source, { handover: 'secret' });
    expect(await text(kept.stdout)).toBe('[0, 1, 2, 3] secret\n');
  });

  it('asks its program to stop, and waits for it', async () => {
    const kept = run(
      `import signal, sys, time
def stop(*_): print('writing state'); sys.exit(0)
signal.signal(signal.SIGTERM, stop); print('ready', flush=True); time.sleep(600)`,
      { graceSeconds: 60 },
    );
    const said = text(kept.stdout);
    await new Promise((resolve) => kept.stdout.once('data', resolve));
    expect(await kept.end()).toEqual({ code: 0, signal: null });
    expect(await said).toBe('ready\nwriting state\n');
  });

  it('kills a program that does not stop in time', async () => {
    const kept = run(
      'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)',
      { graceSeconds: 0.05 },
    );
    await new Promise((resolve) => kept.stdout.once('data', resolve));
    expect(await kept.end()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  itFindsOrphans('leaves nothing of what its program started, not even what detached itself', async () => {
    const own = await mkdtemp(join(folder, 'ended-'));
    const kept = run(DAEMONS, {}, own);
    const pids = await pidsIn(own);
    await kept.end();
    expect(await someAlive(pids)).toBe(false);
  });

  itFindsOrphans('leaves nothing when its program ends by itself', async () => {
    const own = await mkdtemp(join(folder, 'own-'));
    const kept = run(DAEMONS, {}, own);
    const pids = await pidsIn(own);
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await kept.ended;
    expect(await someAlive(pids)).toBe(false);
  });

  itFindsOrphans('leaves nothing when we are killed ourselves', async () => {
    const own = await mkdtemp(join(folder, 'killed-'));
    const module = fileURLToPath(new URL('../../../local/process/kept-process.ts', import.meta.url));
    const source = `import { startKept } from ${JSON.stringify(module)};
startKept(${JSON.stringify({ python, command: [python, '-c', DAEMONS, own], cwd: own, environment: {}, graceSeconds: 0 })});
setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
      stdio: 'ignore',
    });
    const pids = await pidsIn(own);
    owner.kill('SIGKILL');
    await until(async () => !(await someAlive(pids)));
  });

  it('refuses a second holder of its lock, until the first has ended', async () => {
    const lock = join(folder, 'lock');
    const first = run('import time; print(1, flush=True); time.sleep(600)', { lock });
    await new Promise((resolve) => first.stdout.once('data', resolve));
    expect((await run('', { lock }).ended).code).toBe(LOCK_IS_TAKEN);
    expect((await run('', { lock, lockPatienceSeconds: 0.05 }).ended).code).toBe(LOCK_IS_TAKEN);

    const waiting = run('print("mine")', { lock, lockPatienceSeconds: 60 });
    await first.end();
    expect(await text(waiting.stdout)).toBe('mine\n');
  });
});
