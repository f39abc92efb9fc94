// The private Python environments under .slashbox/python, each from its hashed lock. A half-made one has no stamp
// and is made again; uv's cache makes that quick.
import fs from 'node:fs';
import path from 'node:path';
import { findPython } from './find-python.mjs';
import { installerEnvironment, withPipConfiguration } from './installer-environment.mjs';
import { fingerprint, hasStamp, readStamp, writeStamp } from './stamp.mjs';

/**
 * @typedef {import('./paths.mjs').PythonEnvironment} PythonEnvironment
 * @typedef {import('./paths.mjs').SetupPaths} SetupPaths
 * @typedef {import('./find-python.mjs').Interpreter} Interpreter
 */

const REGISTRY = 'the Python package index (PyPI or yours)';

/** What a person reads while it is being made. */
const CONTENTS = {
  tools: 'uv',
  cloud: 'embedded AWS',
  executor: "Lambda's runtime client",
  dev: 'test and check tools',
};

/**
 * Wheels only, so that nobody's setup.py runs; AWS publishes none of awslambdaric for macOS, where its source is
 * compiled instead.
 * @param {PythonEnvironment} name
 */
function wheelsOnly(name) {
  return name === 'executor' && process.platform === 'darwin' ? [] : ['--only-binary', ':all:'];
}

/**
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @param {PythonEnvironment} name
 */
export function pythonEnvironmentReady(paths, env, name) {
  const interpreter = knownInterpreter(paths, env);
  return (
    interpreter !== undefined &&
    fs.existsSync(paths.python(name)) &&
    hasStamp(stampFile(paths, name), expectedStamp(paths, name, interpreter))
  );
}

/**
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env the caller's
 * @param {PythonEnvironment[]} names in order; `tools` before the others, as it brings uv
 * @param {import('./installer.mjs').RunStep} runStep
 */
export async function installPythonEnvironments(paths, env, names, runStep) {
  const interpreter = knownInterpreter(paths, env) || chooseInterpreter(paths, env);
  for (const name of names) {
    const folder = paths.environment(name);
    const expected = expectedStamp(paths, name, interpreter);
    if (hasStamp(stampFile(paths, name), expected) && fs.existsSync(paths.python(name))) continue;
    fs.rmSync(folder, { recursive: true, force: true });
    await (name === 'tools' ? installTools : installWithUv)(paths, env, name, interpreter, runStep);
    writeStamp(stampFile(paths, name), expected);
  }
}

/**
 * The interpreter that was chosen the last time, if it is still there and still the one asked for: environments
 * made on different days have to be of one Python.
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @returns {Interpreter | undefined}
 */
export function knownInterpreter(paths, env) {
  const record = readStamp(interpreterFile(paths));
  if (!record || record.asked !== (env.SLASHBOX_PYTHON || '')) return undefined;
  const { executable, version } = record;
  if (typeof executable !== 'string' || typeof version !== 'string') return undefined;
  return fs.existsSync(executable) ? { executable, version } : undefined;
}

/**
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @returns {Interpreter}
 */
function chooseInterpreter(paths, env) {
  const interpreter = findPython(env);
  fs.mkdirSync(path.dirname(interpreterFile(paths)), { recursive: true });
  writeStamp(interpreterFile(paths), { asked: env.SLASHBOX_PYTHON || '', ...interpreter });
  return interpreter;
}

/** @param {SetupPaths} paths */
function interpreterFile(paths) {
  return path.join(paths.home, 'python', 'interpreter.json');
}

/**
 * @param {SetupPaths} paths
 * @param {PythonEnvironment} name
 */
function stampFile(paths, name) {
  return path.join(paths.environment(name), 'slashbox.json');
}

/**
 * The folder counts because scripts inside a virtual environment hold its absolute path.
 * @param {SetupPaths} paths
 * @param {PythonEnvironment} name
 * @param {Interpreter} interpreter
 */
function expectedStamp(paths, name, { executable, version }) {
  return {
    lock: fingerprint([paths.pythonLock(name)]),
    folder: paths.environment(name),
    executable,
    version,
  };
}

/**
 * The only environment that pip makes: it brings uv, which makes the others many times faster.
 * @type {InstallEnvironment}
 */
async function installTools(paths, env, name, interpreter, runStep) {
  const install = ['-I', '-m', 'pip', 'install', '--require-hashes', ...wheelsOnly(name)];
  await runStep({
    label: `Python ${interpreter.version} environment "${name}" (${CONTENTS[name]})`,
    commands: [
      [interpreter.executable, '-I', '-m', 'venv', paths.environment(name)],
      [paths.python(name), ...install, '-r', paths.pythonLock(name)],
    ],
    env: installerEnvironment(env),
    registry: REGISTRY,
  });
}

/**
 * @typedef {(
 *   paths: SetupPaths, env: NodeJS.ProcessEnv, name: PythonEnvironment, interpreter: Interpreter,
 *   runStep: import('./installer.mjs').RunStep,
 * ) => Promise<void>} InstallEnvironment
 * @type {InstallEnvironment}
 */
async function installWithUv(paths, env, name, interpreter, runStep) {
  const install = ['pip', 'install', '--python', paths.python(name), '--require-hashes', ...wheelsOnly(name)];
  // Copies, not links: what happens to an environment must not reach the cache that others share.
  install.push('--compile-bytecode', '--link-mode', 'copy');
  await runStep({
    label: `Python environment "${name}" (${CONTENTS[name]})`,
    commands: [
      [paths.uv, 'venv', '--no-project', '--python', interpreter.executable, paths.environment(name)],
      [paths.uv, ...install, '-r', paths.pythonLock(name)],
    ],
    env: indexEnvironment(paths, env),
    registry: REGISTRY,
  });
}

/**
 * @param {SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} for uv, and for what runs uv
 */
export function indexEnvironment(paths, env) {
  const clean = withPipConfiguration(paths.python('tools'), installerEnvironment(env));
  return { ...clean, UV_PYTHON_DOWNLOADS: 'never' };
}
