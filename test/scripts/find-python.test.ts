import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPython } from '../../scripts/lib/find-python.mjs';
import { probeAnswer } from './support/fake-project.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slashbox-python-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function place(file: string, script: string): string {
  const target = path.join(folder, file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return target;
}

function placePython(file: string, version: string, more: object = {}): string {
  const executable = path.join(folder, file);
  return place(file, `echo '${probeAnswer({ executable, version, ...more })}'`);
}

function find(more: NodeJS.ProcessEnv = {}, folders = ['a', 'b']) {
  return findPython({ PATH: folders.map((name) => path.join(folder, name)).join(':'), ...more });
}

describe('findPython', () => {
  it('takes the newest supported version, whatever python3 is', () => {
    placePython('a/python3', '3.11.9');
    placePython('a/python3.12', '3.12.4');
    expect(find()).toEqual({ executable: path.join(folder, 'a/python3.12'), version: '3.12.4' });
  });

  it('goes on behind a pyenv shim that exists but has no such version', () => {
    place('a/python3.13', 'echo "pyenv: python3.13: command not found" >&2; exit 127');
    placePython('b/python3.13', '3.13.1');
    expect(find().executable).toBe(path.join(folder, 'b/python3.13'));
  });

  it('goes on when something that calls itself python answers nonsense', () => {
    place('a/python3.13', 'echo hello');
    placePython('a/python', '3.11.2');
    expect(find().version).toBe('3.11.2');
  });

  it('prefers an older complete Python to a newer one without ensurepip', () => {
    placePython('a/python3.13', '3.13.0', { missing: ['ensurepip'] });
    placePython('a/python3.11', '3.11.2');
    expect(find().version).toBe('3.11.2');
  });

  it("names Debian's package when ensurepip is all that is missing", () => {
    placePython('a/python3', '3.11.2', { missing: ['ensurepip'] });
    expect(() => find()).toThrow(/lacks ensurepip .*sudo apt install python3\.11-venv/);
  });

  it.each([
    ['too old', '3.10.13', {}],
    ['too new', '3.14.0', {}],
    ['PyPy', '3.11.11', { implementation: 'PyPy' }],
    ['free-threaded', '3.13.0', { free_threaded: true }],
    ['32-bit', '3.12.0', { wide: false }],
  ])('says what it found when that is %s', (_, version, more) => {
    placePython('a/python3', version, more);
    expect(() => find()).toThrow(/needs Python 3\.11, 3\.12 or 3\.13: found only .*SLASHBOX_PYTHON=/);
    expect(() => find()).toThrow(version);
  });

  it('says that there is none at all', () => {
    expect(() => find()).toThrow(/found none on PATH/);
  });

  it('takes SLASHBOX_PYTHON, as a path or a name, and nothing else', () => {
    const asked = placePython('elsewhere/python', '3.11.5');
    placePython('a/python3.13', '3.13.1');
    placePython('a/python3.12', '3.12.1');
    expect(find({ SLASHBOX_PYTHON: asked }).version).toBe('3.11.5');
    expect(find({ SLASHBOX_PYTHON: 'python3.12' }).version).toBe('3.12.1');
    expect(() => find({ SLASHBOX_PYTHON: path.join(folder, 'nowhere') })).toThrow(/is not a working Python/);
  });

  it('finds a real one when the machine has one, at an absolute path without links', () => {
    const { executable, version } = findPython({ PATH: process.env.PATH });
    expect(fs.realpathSync(executable)).toBe(executable);
    expect(version).toMatch(/^3\.1[123]\./);
  });
});
