/**
 * Makes `dist/functions/uv-ARCHITECTURE`: the layer that brings uv to the rebuild. It is the release that this
 * machine's own set-up is pinned to, from the package index, checked against the same hashes.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ARCHITECTURES } from '../../infra/config.ts';
import { uvLayerOf } from '../../infra/names.ts';
import { OperatorError } from './arguments.ts';
import { fingerprintOf, isUpToDate, remember } from './fingerprint.ts';
import { setupPaths } from './paths.mjs';
import { indexEnvironment } from './python-environments.mjs';
import { replaceFolder } from './replace-folder.ts';

type Architecture = (typeof ARCHITECTURES)[number];

/** Any that Lambda has: uv is a program of its own and reads no Python. */
const ANY_PYTHON = '3.13';

/**
 * @param root the project's folder, set up with `tools`
 * @throws OperatorError where the package index cannot be reached
 */
export async function bundleUv(architecture: Architecture, root?: string): Promise<void> {
  const paths = setupPaths(root);
  const name = uvLayerOf(architecture);
  const outDir = join(paths.root, 'dist', 'functions');
  const folder = join(outDir, name);
  const record = join(outDir, '.inputs', `${name}.json`);
  const lock = paths.pythonLock('tools');
  if (await isUpToDate(record, folder, architecture)) return;
  const scratch = await mkdtemp(join(tmpdir(), 'slashbox-uv-'));
  try {
    await fetchUv(paths, lock, architecture, scratch);
    await replaceFolder(folder, async (into) => {
      await mkdir(join(into, 'bin'));
      await copyFile(join(scratch, 'bin', 'uv'), join(into, 'bin', 'uv'));
    });
    await chmod(join(folder, 'bin', 'uv'), 0o755);
    await remember(record, await fingerprintOf([lock], architecture));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fetchUv(
  paths: ReturnType<typeof setupPaths>,
  lock: string,
  architecture: Architecture,
  target: string,
): Promise<void> {
  const machine = architecture === 'arm64' ? 'aarch64' : architecture;
  const install = [
    ...['pip', 'install', '--quiet', '--no-progress', '--target', target],
    ...['--no-deps', '--require-hashes', '--only-binary', ':all:', '--python', paths.python('tools')],
    ...['--python-platform', `${machine}-manylinux_2_28`, '--python-version', ANY_PYTHON],
    ...['-r', lock],
  ];
  try {
    await promisify(execFile)(paths.uv, install, { env: indexEnvironment(paths, process.env) });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new OperatorError(
      `uv for ${architecture} could not be fetched from the package index: ${stderr.trim().split('\n').at(-1) || error}`,
    );
  }
}
