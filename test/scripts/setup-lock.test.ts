import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identifyProcess } from '../../scripts/lib/process-identity.mjs';
import { takeSetupLock } from '../../scripts/lib/setup-lock.mjs';

let file: string;
beforeEach(() => {
  file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'slashbox-lock-')), 'setup.lock');
});
afterEach(() => fs.rmSync(path.dirname(file), { recursive: true }));

const take = () =>
  takeSetupLock(file, (holder) => {
    throw new Error(`waits for ${holder.owner.pid}`);
  });

async function endedProcess() {
  const child = spawn('sleep', ['60']);
  const identity = identifyProcess(Number(child.pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

it('is free again after its release', async () => {
  (await take()).release();
  (await take()).release();
  expect(fs.readdirSync(path.dirname(file))).toEqual([]);
});

it('is held by one at a time', async () => {
  const lock = await take();
  await expect(take()).rejects.toThrow(`waits for ${process.pid}`);
  lock.release();
});

it('is taken over from a process that is gone', async () => {
  fs.writeFileSync(file, JSON.stringify({ host: os.hostname(), owner: await endedProcess() }));
  (await take()).release();
});

it('is taken over from a process whose number another one has now', async () => {
  fs.writeFileSync(file, JSON.stringify({ host: os.hostname(), owner: { pid: process.pid, started: '1' } }));
  (await take()).release();
});

it('is waited for when another machine holds it and has been heard lately, not when it fell silent', async () => {
  const holder = { host: `not-${os.hostname()}`, owner: { pid: 1, started: '1' } };
  fs.writeFileSync(file, JSON.stringify(holder));
  await expect(take()).rejects.toThrow('waits for 1');
  fs.utimesSync(file, new Date(0), new Date(0));
  (await take()).release();
});

it('is taken over when it is damaged and old', async () => {
  fs.writeFileSync(file, '{"host"');
  fs.utimesSync(file, new Date(0), new Date(0));
  (await take()).release();
});

it('survives a take-over that was itself interrupted', async () => {
  fs.writeFileSync(file, JSON.stringify({ host: os.hostname(), owner: await endedProcess() }));
  fs.writeFileSync(`${file}.takeover`, '');
  fs.utimesSync(`${file}.takeover`, new Date(0), new Date(0));
  (await take()).release();
});
