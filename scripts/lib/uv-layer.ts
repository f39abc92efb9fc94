/**
 * Makes `dist/functions/uv-ARCHITECTURE`: the layer that brings uv and zstd to the rebuild. They are the releases that
 * this machine's own set-up is pinned to, from the package index, checked against the same hashes.
 */
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ARCHITECTURES } from '../../infra/config.ts';
import { uvLayerOf } from '../../infra/names.ts';
import { fetchWheels } from './fetch-wheels.ts';
import { fingerprintOf, isUpToDate, remember } from './fingerprint.ts';
import { setupPaths } from './paths.mjs';
import { replaceFolder } from './replace-folder.ts';
import { addZstd } from './zstd-code.ts';

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
    await fetchWheels({ paths, name: 'uv', lock, architecture, python: ANY_PYTHON, target: scratch });
    await replaceFolder(folder, async (into) => {
      await mkdir(join(into, 'bin'));
      await copyFile(join(scratch, 'bin', 'uv'), join(into, 'bin', 'uv'));
      // Where Lambda's Pythons look for modules of a layer.
      await addZstd(paths, architecture, join(into, 'python'));
    });
    await chmod(join(folder, 'bin', 'uv'), 0o755);
    await remember(record, await fingerprintOf([lock, paths.pythonLock('executor')], architecture));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
