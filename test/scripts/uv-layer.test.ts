import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setupPaths } from '../../scripts/lib/paths.mjs';
import { bundleUv } from '../../scripts/lib/uv-layer.ts';

let root: string;
const layer = (architecture: string) => join(root, 'dist', 'functions', `uv-${architecture}`, 'bin', 'uv');
/** What the stand-in was called with, a line a call. */
const calls = () => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');

/** A stand-in for uv: it notes its arguments, and "installs" a program. */
function program(script: string): void {
  const { uv, python, pythonLock } = setupPaths(root);
  for (const path of [uv, python('tools')]) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${path === uv ? script : 'exit 0'}\n`);
    chmodSync(path, 0o755);
  }
  mkdirSync(join(pythonLock('tools'), '..'), { recursive: true });
  writeFileSync(pythonLock('tools'), 'uv==1 --hash=sha256:0\n');
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slashbox-uv-test-'));
  // `--target FOLDER` are its fifth and sixth arguments.
  program(`echo "$@" >> ${root}/calls; mkdir -p "$6/bin"; echo "for $*" > "$6/bin/uv"`);
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the layer with uv', () => {
  test('is the pinned release for the function’s machine, checked by its hashes, as a program', async () => {
    await bundleUv('arm64', root);
    expect(statSync(layer('arm64')).mode & 0o777).toBe(0o755);
    const [call] = calls();
    for (const option of [
      '--require-hashes',
      '--only-binary :all:',
      '--python-platform aarch64-manylinux_2_28',
      `-r ${setupPaths(root).pythonLock('tools')}`,
    ]) {
      expect(call).toContain(option);
    }
  });

  test('is fetched once for each machine and release', async () => {
    await bundleUv('arm64', root);
    await bundleUv('arm64', root);
    expect(calls()).toHaveLength(1);
    await bundleUv('x86_64', root);
    expect(calls()[1]).toContain('x86_64-manylinux_2_28');
    writeFileSync(setupPaths(root).pythonLock('tools'), 'uv==2.0 --hash=sha256:0\n');
    await bundleUv('arm64', root);
    expect(calls()).toHaveLength(3);
  });

  test('is missing in words where the package index cannot be reached', async () => {
    program('echo "error: Failed to fetch" >&2; exit 2');
    await expect(bundleUv('arm64', root)).rejects.toThrow(
      'uv for arm64 could not be fetched from the package index: error: Failed to fetch',
    );
    expect(existsSync(layer('arm64'))).toBe(false);
  });
});
