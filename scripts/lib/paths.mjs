// Where set-up puts things, for everyone who uses them afterwards. Nothing here touches the disk.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {'tools' | 'cloud' | 'executor' | 'dev'} PythonEnvironment */

export const PROJECT_ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * @param {string} [root]
 * @returns folders and programs of one checkout; they exist once `ensureSetup` has seen to them
 */
export function setupPaths(root = PROJECT_ROOT) {
  const home = path.join(root, '.slashbox');
  /** @param {PythonEnvironment} name */
  const environment = (name) => path.join(home, 'python', name);
  return {
    root,
    /** Everything that set-up makes, except `node_modules`. Deleting it costs time, no data. */
    home,
    /** What installers said, one file a step. */
    logs: path.join(home, 'logs'),
    environment,
    /** @param {PythonEnvironment} name */
    python: (name) => path.join(environment(name), 'bin', 'python'),
    uv: path.join(environment('tools'), 'bin', 'uv'),
    /** @param {PythonEnvironment} name */
    pythonLock: (name) => path.join(root, 'local', 'python', `${name}.txt`),
    /** Built package environments (layer and bundles), one folder per id. */
    packageEnvironments: path.join(home, 'environments'),
  };
}

/** @typedef {ReturnType<typeof setupPaths>} SetupPaths */
