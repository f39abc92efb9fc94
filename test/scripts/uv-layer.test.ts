import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PYTHON_VERSIONS } from '../../infra/config.ts';
import { setupPaths } from '../../scripts/lib/paths.mjs';
import { bundleUv } from '../../scripts/lib/uv-layer.ts';
import { bundleExecutor } from '../../scripts/lib/zstd-code.ts';

const ZSTD_LOCK = `awslambdaric==1 \\
    --hash=sha256:1
backports-zstd==2 \\
    --hash=sha256:2 \\
    --hash=sha256:3
other==4 \\
    --hash=sha256:4
`;
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
  writeFileSync(pythonLock('executor'), ZSTD_LOCK);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slashbox-uv-test-'));
  // `--target FOLDER` are its fifth and sixth arguments.
  program(
    `echo "$@" >> ${root}/calls; mkdir -p "$6/bin" "$6/backports/zstd/__pycache__"; echo "for $*" > "$6/bin/uv"
for last; do :; done; cat "$last" > "$6/backports/zstd/of-$(basename "$6").so"; touch "$6/backports/zstd/__init__.pyi"`,
  );
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the executor’s code for Lambda', () => {
  const code = (name: string) => join(root, 'dist', 'functions', name);
  beforeEach(() => {
    mkdirSync(code('executor'), { recursive: true });
    writeFileSync(join(code('executor'), 'handler.py'), '# the handler\n');
  });

  test('is its bundle with zstd in it, made anew when either changes', async () => {
    await bundleExecutor('x86_64', root);
    await bundleExecutor('x86_64', root);
    expect(calls()).toHaveLength(PYTHON_VERSIONS.length);
    expect(readdirSync(code('executor-x86_64')).sort()).toEqual(['backports', 'handler.py']);
    writeFileSync(join(code('executor'), 'another.py'), '');
    await bundleExecutor('x86_64', root);
    expect(readdirSync(code('executor-x86_64'))).toContain('another.py');
  });

  test('stays as it was where the package index cannot be reached', async () => {
    await bundleExecutor('x86_64', root);
    program('echo "error: Failed to fetch" >&2; exit 2');
    writeFileSync(join(code('executor'), 'another.py'), '');
    await expect(bundleExecutor('x86_64', root)).rejects.toThrow(
      'zstd for x86_64 could not be fetched from the package index: error: Failed to fetch',
    );
    expect(readdirSync(code('executor-x86_64'))).not.toContain('another.py');
  });
});

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
    expect(calls()).toHaveLength(1 + PYTHON_VERSIONS.length);
    await bundleUv('x86_64', root);
    expect(calls().at(-1)).toContain('x86_64-manylinux_2_28');
    writeFileSync(setupPaths(root).pythonLock('tools'), 'uv==2.0 --hash=sha256:0\n');
    await bundleUv('arm64', root);
    expect(calls()).toHaveLength(3 * (1 + PYTHON_VERSIONS.length));
  });

  test('has zstd for each of Lambda’s Pythons, and no more than that', async () => {
    await bundleUv('arm64', root);
    const folder = join(root, 'dist', 'functions', 'uv-arm64', 'python', 'backports', 'zstd');
    expect(readdirSync(folder).sort()).toEqual(PYTHON_VERSIONS.map((python) => `of-${python}.so`));
    expect(readFileSync(join(folder, 'of-3.13.so'), 'utf8')).toBe(
      'backports-zstd==2 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n',
    );
    expect(calls().at(-1)).toMatch(/--require-hashes.*--python-platform aarch64-manylinux_2_28/);
  });

  test('is missing in words where the package index cannot be reached', async () => {
    program('echo "error: Failed to fetch" >&2; exit 2');
    await expect(bundleUv('arm64', root)).rejects.toThrow(
      'uv for arm64 could not be fetched from the package index: error: Failed to fetch',
    );
    expect(existsSync(layer('arm64'))).toBe(false);
  });
});
