// The approved packages for the local default, built by layers/approved/build.py for the Python of the executor's
// environment: the layer, and where it is asked for the list's small bundles; all others are built when a run first
// needs them (local/packages/). An interrupted build goes on where it stopped.
import fs from 'node:fs';
import path from 'node:path';
import { indexEnvironment, knownInterpreter } from './python-environments.mjs';
import { SetupError } from './setup-error.mjs';
import { fingerprint, hasStamp, readStamp, writeStamp } from './stamp.mjs';

/** @typedef {import('./paths.mjs').SetupPaths} SetupPaths */

/**
 * @typedef {'core' | 'small'} Content `core`: the layer; `small`: and the list's small bundles, for whoever needs
 *   many packages at once
 */

/**
 * @param {SetupPaths} paths
 * @returns {string | undefined} the folder of the environment that was built last: `manifest.json`, `layer/`,
 *   `layer.zip`, `bundles/`
 */
export function packageEnvironmentFolder(paths) {
  const id = readStamp(recordFile(paths))?.id;
  return typeof id === 'string' ? path.join(paths.packageEnvironments, id) : undefined;
}

/**
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @param {Content} content
 */
export function packageEnvironmentReady(paths, env, content) {
  const folder = packageEnvironmentFolder(paths);
  return (
    folder !== undefined &&
    fs.existsSync(path.join(folder, 'manifest.json')) &&
    hasStamp(recordFile(paths), expectedRecord(paths, env)) &&
    (content === 'core' || readStamp(recordFile(paths))?.content === content)
  );
}

/**
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @param {Content} content
 * @param {import('./installer.mjs').RunStep} runStep
 */
export async function buildPackageEnvironment(paths, env, content, runStep) {
  const build = buildCommand(paths);
  const common = { env: indexEnvironment(paths, env), registry: 'the Python package index (PyPI or yours)' };
  const id = (
    await runStep({ ...common, label: 'Approved packages: plan', commands: [[...build, '--print-id']] })
  ).trim();
  if (!/^[0-9a-f]{16}$/.test(id))
    throw new SetupError(`Approved packages: the build named no environment but "${id}".`);
  const folder = path.join(paths.packageEnvironments, id);
  await runStep({
    ...common,
    label: content === 'core' ? 'Approved packages: layer' : 'Approved packages: layer and small bundles',
    commands: [[...build, `--${content}`, '--uv', paths.uv, '--out', folder]],
    passThrough: /^\[packages\]/,
  });
  writeStamp(recordFile(paths), { id, content, ...expectedRecord(paths, env) });
}

/**
 * Builds what one distribution needs beside the layer of the environment in `folder`, and prints it.
 * @param {SetupPaths} paths
 * @param {string} folder
 * @param {string} distribution
 * @returns {import('./installer.mjs').Command}
 */
export function bundlesCommand(paths, folder, distribution) {
  return [...buildCommand(paths), '--bundles', distribution, '--uv', paths.uv, '--out', folder];
}

/**
 * @param {SetupPaths} paths
 * @returns {import('./installer.mjs').Command}
 */
function buildCommand(paths) {
  return [paths.python('executor'), path.join(approvedFolder(paths), 'build.py'), '--system', 'host'];
}

/** @param {SetupPaths} paths */
function recordFile(paths) {
  return path.join(paths.packageEnvironments, 'current.json');
}

/** @param {SetupPaths} paths */
function approvedFolder(paths) {
  return path.join(paths.root, 'layers', 'approved');
}

/**
 * All that the environment's id depends on, read without starting Python.
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 */
function expectedRecord(paths, env) {
  const folder = approvedFolder(paths);
  const locks = path.join(folder, 'locks');
  const files = [folder, locks].flatMap((each) =>
    fs
      .readdirSync(each, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(py|toml|txt|json)$/.test(entry.name))
      .map((entry) => path.join(each, entry.name))
      .sort(),
  );
  const interpreter = knownInterpreter(paths, env);
  return { inputs: fingerprint(files), interpreter: interpreter ? interpreter.executable : '' };
}
