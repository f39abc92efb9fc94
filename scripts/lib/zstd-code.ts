/**
 * Puts zstd beside Python code for Lambda, whose Python has none before 3.14: the release that this machine's own
 * set-up is pinned to. Compiled parts are named by interpreter and machine, so those of several lie side by side.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type ARCHITECTURES, PYTHON_VERSIONS } from '../../infra/config.ts';
import { executorCodeOf } from '../../infra/names.ts';
import { copyPython, listPython } from './copy-python.ts';
import { fetchWheels } from './fetch-wheels.ts';
import { fingerprintOf, isUpToDate, remember } from './fingerprint.ts';
import { type SetupPaths, setupPaths } from './paths.mjs';
import { replaceFolder } from './replace-folder.ts';

type Architecture = (typeof ARCHITECTURES)[number];

const NAME = 'backports-zstd';
/** Typing stubs, and byte code of this machine. */
const LEFT_OUT = /\.pyi$|__pycache__|^bin$|\.lock$/;

/**
 * Makes `dist/functions/executor-ARCHITECTURE`: the executor's bundle, which must be there, with zstd in it.
 * @throws OperatorError where the package index cannot be reached
 */
export async function bundleExecutor(architecture: Architecture, root?: string): Promise<void> {
  const paths = setupPaths(root);
  const outDir = join(paths.root, 'dist', 'functions');
  const plain = join(outDir, 'executor');
  const name = executorCodeOf(architecture);
  const record = join(outDir, '.inputs', `${name}.json`);
  const own = await listPython(plain);
  const settings = [architecture, own.map((file) => relative(plain, file))];
  if (await isUpToDate(record, join(outDir, name), settings)) return;
  await replaceFolder(join(outDir, name), async (into) => {
    await copyPython(plain, own, into);
    await addZstd(paths, architecture, into);
  });
  await remember(record, await fingerprintOf([...own, paths.pythonLock('executor')], settings));
}

/** @param into a folder that Python's modules are found in, by whichever of Lambda's Pythons */
export async function addZstd(paths: SetupPaths, architecture: Architecture, into: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'slashbox-zstd-'));
  try {
    const lock = join(scratch, 'zstd.txt');
    await writeFile(lock, requirementIn(await readFile(paths.pythonLock('executor'), 'utf8')));
    for (const python of PYTHON_VERSIONS) {
      const target = join(scratch, python);
      await fetchWheels({ paths, name: 'zstd', lock, architecture, python, target });
      const isWanted = (path: string): boolean => !LEFT_OUT.test(relative(target, path));
      await cp(target, into, { recursive: true, filter: isWanted });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The one pin, with its hashes, of a lock that has others too. */
function requirementIn(lock: string): string {
  const found = new RegExp(`^${NAME}==(?:.*\\\\\n)*.*\n?`, 'm').exec(lock)?.[0];
  if (!found) throw new Error(`The executor's lock has no ${NAME}.`);
  return found;
}
