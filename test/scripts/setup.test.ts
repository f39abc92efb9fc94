import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifyProcess, isRunning } from '../../scripts/lib/process-identity.mjs';
import { createProgress } from '../../scripts/lib/progress.mjs';
import { ensureSetup, type Part } from '../../scripts/setup.mjs';
import { createFakeProject, type FakeProject, probeAnswer } from './support/fake-project.ts';
import { waitFor } from './support/wait-for.ts';

const SET_UP_ONCE = fileURLToPath(new URL('support/set-up-once.mjs', import.meta.url));

let project: FakeProject;
let shown: string;
beforeEach(() => {
  project = createFakeProject();
  shown = '';
});
afterEach(() => project.remove());

function setUp(need: Part[] = ['node', 'cloud', 'executor'], env: NodeJS.ProcessEnv = {}) {
  const progress = createProgress({ write: (text: string) => (shown += text) });
  return ensureSetup({ root: project.root, need, env: { ...project.env, ...env }, progress });
}

function startSetUp(...need: Part[]): ChildProcess & { words: () => string } {
  const child = spawn(process.execPath, [SET_UP_ONCE, project.root, ...need], {
    env: project.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  return Object.assign(child, { words: () => words });
}

/** The call that a fake holds: its process, once it has begun to wait. */
async function heldProcess(hold: { waiting: string }) {
  const pid = await waitFor(
    () => fs.existsSync(hold.waiting) && Number(fs.readFileSync(hold.waiting, 'utf8')),
  );
  return waitFor(() => identifyProcess(pid));
}

const count = (part: string) => project.calls().filter((call) => call.includes(part)).length;

describe('set-up of an empty checkout', () => {
  it('installs what is asked for, from hashed locks, and says where it is', async () => {
    const paths = await setUp();
    expect(project.calls().map((call) => call.split(' ').slice(0, 3).join(' '))).toEqual([
      'npm ci --include=dev',
      'python -I -m',
      'python -I -m',
      'uv venv --no-project',
      'uv pip install',
      'uv venv --no-project',
      'uv pip install',
    ]);
    const installs = project.calls().filter((call) => call.includes('pip install'));
    for (const call of installs) expect(call).toContain('--require-hashes');
    for (const call of installs.slice(0, 2)) expect(call).toContain('--only-binary :all:');
    expect(fs.existsSync(paths.python.cloud)).toBe(true);
    expect(paths.python.executor).toBe(path.join(project.root, '.slashbox/python/executor/bin/python'));
  });

  it('shows a line with its seconds for each step', async () => {
    await setUp(['node', 'cloud']);
    const ends = shown.split('\n').filter((line) => /: done \(\d+\.\d s\)$/.test(line));
    expect(ends.map((line) => line.replace(/ \(\d.*/, ''))).toEqual([
      '[setup] Node packages (npm ci): done',
      '[setup] Python 3.12.4 environment "tools" (uv): done',
      '[setup] Python environment "cloud" (embedded AWS): done',
    ]);
  });

  it("does not hand the caller's Python settings to installers, but its index and certificates", async () => {
    await setUp(['cloud'], {
      PIP_FIND_LINKS: '/wheels',
      PYTHONPATH: '/elsewhere',
      PIP_CERT: '/ca.pem',
      UV_INDEX_URL: 'https://index/simple',
    });
    for (const fake of ['python', 'uv'] as const) {
      const env = project.lastEnvironment(fake);
      expect(env).toMatchObject({ PIP_CERT: '/ca.pem', UV_INDEX_URL: 'https://index/simple' });
      expect(env).not.toHaveProperty('PIP_FIND_LINKS');
      expect(env).not.toHaveProperty('PYTHONPATH');
    }
  });

  it("tells uv the index and the certificate that pip's configuration names", async () => {
    project.write('fakes/pip.conf', "global.index-url='https://company/simple'\nglobal.cert='/ca.pem'\n");
    await setUp(['cloud']);
    expect(project.lastEnvironment('uv')).toMatchObject({
      UV_DEFAULT_INDEX: 'https://company/simple',
      SSL_CERT_FILE: '/ca.pem',
    });
  });
});

describe('set-up of a checkout that has been set up', () => {
  it('starts no process and says nothing', async () => {
    await setUp();
    const before = project.calls().length;
    shown = '';
    await setUp();
    expect(project.calls()).toHaveLength(before);
    expect(shown).toBe('');
  });

  it('makes again only what belongs to the lock that changed', async () => {
    await setUp();
    const before = project.calls().length;
    project.write('local/python/cloud.txt', 'cloud==2 --hash=sha256:11\n');
    await setUp();
    expect(
      project
        .calls()
        .slice(before)
        .map((call) => call.split(' ').slice(0, 2).join(' ')),
    ).toEqual(['uv venv', 'uv pip']);
  });

  it('makes the environments anew for another Python', async () => {
    await setUp(['cloud']);
    const other = path.join(project.root, 'fakes/bin/python3.13');
    fs.copyFileSync(path.join(project.root, 'fakes/bin/python3'), other);
    project.write('fakes/probe.json', probeAnswer({ executable: other, version: '3.13.1' }));
    await setUp(['cloud'], { SLASHBOX_PYTHON: 'python3.13' });
    expect(
      project
        .calls()
        .filter((call) => call.startsWith('uv venv'))
        .pop(),
    ).toContain(`--python ${other}`);
  });

  it('makes an environment anew whose base Python is gone', async () => {
    await setUp(['cloud']);
    const moved = path.join(project.root, 'fakes/bin/python3.12');
    fs.renameSync(path.join(project.root, 'fakes/bin/python3'), moved);
    project.write('fakes/probe.json', probeAnswer({ executable: moved, version: '3.12.4' }));
    await setUp(['cloud'], { SLASHBOX_PYTHON: 'python3.12' });
    expect(count('uv venv')).toBe(2);
  });

  it("takes over node_modules that a developer's own npm made from the same lock", async () => {
    project.write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }));
    await setUp(['node']);
    expect(project.calls()).toEqual([]);
  });

  it('installs again when node_modules lacks a package of this machine', async () => {
    const packages = {
      '': {},
      'node_modules/a': { version: '1.0.0', optional: true, os: [process.platform], cpu: [process.arch] },
    };
    project.write('package-lock.json', JSON.stringify({ packages }));
    project.write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }));
    await setUp(['node']);
    expect(count('npm ci')).toBe(1);
  });
});

describe('set-up that goes wrong', () => {
  it('says in one line that the registry cannot be reached, and goes on there the next time', async () => {
    project.failOn(
      'uv pip install',
      'error: Request failed\n  Caused by: dns error: failed to lookup address',
    );
    await expect(setUp()).rejects.toThrow(
      /^Python environment "cloud" .* failed: the Python package index .* cannot be reached\.[^\n]*\.slashbox\/logs\/[^\n]*\.log$/,
    );
    expect(shown).toMatch(/"cloud" \(embedded AWS\): failed/);
    const before = project.calls().length;
    project.mend();
    await setUp();
    expect(project.calls()[before]).toMatch(/^uv venv .*cloud$/);
    expect(count('npm ci')).toBe(1);
  });

  it("keeps the installer's own words in a log", async () => {
    project.failOn('npm ci', 'npm error code E404\nnpm error a long story');
    await expect(setUp(['node'])).rejects.toThrow('npm error a long story');
    const logs = path.join(project.root, '.slashbox/logs');
    expect(fs.readFileSync(path.join(logs, 'node-packages-npm-ci-.log'), 'utf8')).toContain('a long story');
  });

  it('does not take an interrupted environment for a whole one', async () => {
    await setUp(['cloud']);
    fs.rmSync(path.join(project.root, '.slashbox/python/cloud/slashbox.json'));
    await setUp(['cloud']);
    expect(count('uv pip install')).toBe(2);
  });

  it('does not trust a damaged stamp', async () => {
    await setUp(['cloud']);
    project.write('.slashbox/python/cloud/slashbox.json', '{"lock": "');
    await setUp(['cloud']);
    expect(count('uv pip install')).toBe(2);
  });

  it('leaves no lock behind', async () => {
    project.failOn('npm ci', 'npm error code ENOSPC');
    await expect(setUp(['node'])).rejects.toThrow('no disk space left');
    expect(fs.readdirSync(path.join(project.root, '.slashbox'))).toEqual(['logs']);
  });
});

describe('set-up that is interrupted', () => {
  it('ends its installer on Ctrl-C, releases the lock and exits with 130', async () => {
    const hold = project.holdOn('npm ci');
    const first = startSetUp('node');
    const npm = await heldProcess(hold);
    first.kill('SIGINT');
    expect(await once(first, 'exit')).toEqual([130, null]);
    expect(first.words()).toContain('was interrupted. Run the command again to go on.');
    await waitFor(() => !isRunning(npm));
    expect(fs.existsSync(path.join(project.root, '.slashbox/setup.lock'))).toBe(false);
  });

  it('is finished by the next one after kill -9, which ends the orphaned installer first', async () => {
    const hold = project.holdOn('uv pip install');
    const first = startSetUp('node', 'cloud');
    const orphan = await heldProcess(hold);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(isRunning(orphan)).toBe(true);
    project.mend();
    const second = startSetUp('node', 'cloud');
    expect(await once(second, 'exit')).toEqual([0, null]);
    expect(isRunning(orphan)).toBe(false);
    expect([count('npm ci'), count('uv pip install')]).toEqual([1, 2]);
  });

  it('lets a second set-up wait for the first and then find everything done', async () => {
    const hold = project.holdOn('npm ci');
    const first = startSetUp('node');
    await heldProcess(hold);
    const second = startSetUp('node');
    await waitFor(() =>
      second.words().includes(`waiting for another set-up to finish (process ${first.pid})`),
    );
    hold.release();
    expect(await Promise.all([once(first, 'exit'), once(second, 'exit')])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(count('npm ci')).toBe(1);
  });

  it('is finished once, when several find it left by a process that is gone', async () => {
    const owner = { pid: process.pid, started: 'long ago' };
    project.write('.slashbox/setup.lock', JSON.stringify({ host: os.hostname(), owner }));
    const all = Array.from({ length: 4 }, () => startSetUp('node'));
    for (const [code] of await Promise.all(all.map((each) => once(each, 'exit')))) expect(code).toBe(0);
    expect(count('npm ci')).toBe(1);
  });
});
