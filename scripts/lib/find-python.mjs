// Finds the Python to build the private environments from: the newest supported one that is complete.
// Every name in every folder of PATH is tried by running it: a pyenv shim, for one, exists without working.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { SetupError } from './setup-error.mjs';

/** Those that locks are committed for. */
export const SUPPORTED_PYTHONS = ['3.13', '3.12', '3.11'];
const NAMES = [...SUPPORTED_PYTHONS.map((version) => `python${version}`), 'python3', 'python'];
const PROBE_TIMEOUT_MS = 20_000;

/** The base interpreter, not the virtual environment that the caller may be in. */
const PROBE = `
import importlib.util, json, os, platform, sys, sysconfig
names = ("venv", "ensurepip", "ssl", "zlib", "ctypes")
print(json.dumps({
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "wide": sys.maxsize > 2**32,
    "missing": [name for name in names if importlib.util.find_spec(name) is None],
}))
`;

/** @typedef {{ executable: string, version: string }} Interpreter `executable` is absolute and no link */

/**
 * @param {NodeJS.ProcessEnv} env its PATH is searched; SLASHBOX_PYTHON, where set, is the only candidate
 * @returns {Interpreter}
 * @throws {SetupError} saying what was found instead
 */
export function findPython(env) {
  const asked = env.SLASHBOX_PYTHON;
  /** @type {string[]} */
  const refusals = [];
  for (const candidate of asked
    ? candidatesFor(asked, env)
    : NAMES.flatMap((name) => candidatesFor(name, env))) {
    const answer = probe(candidate, env);
    if (!answer) continue;
    const refusal = refuse(answer);
    if (!refusal) return { executable: answer.executable, version: answer.version };
    if (!refusals.includes(refusal)) refusals.push(refusal);
  }
  throw new SetupError(asked ? askedProblem(asked, refusals) : searchProblem(refusals));
}

/**
 * @param {string} name a path, or a name to look up
 * @param {NodeJS.ProcessEnv} env
 */
function candidatesFor(name, env) {
  if (name.includes('/')) return [path.resolve(name)];
  return (env.PATH || '')
    .split(path.delimiter)
    .filter(Boolean)
    .map((folder) => path.join(folder, name))
    .filter((file) => fs.existsSync(file));
}

/**
 * @typedef {Interpreter & {
 *   implementation: string, free_threaded: boolean, wide: boolean, missing: string[]
 * }} Answer
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @returns {Answer | undefined} nothing when it is not a working Python 3
 */
function probe(file, env) {
  const { status, stdout } = spawnSync(file, ['-I', '-c', PROBE], {
    env,
    encoding: 'utf8',
    timeout: PROBE_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status !== 0) return undefined;
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

/**
 * @param {Answer} answer
 * @returns {string | undefined} why this one will not do
 */
function refuse({ executable, version, implementation, free_threaded, wide, missing }) {
  const minor = version.split('.').slice(0, 2).join('.');
  const name = `${version} (${executable})`;
  if (!SUPPORTED_PYTHONS.includes(minor)) return name;
  if (implementation !== 'CPython') return `${name}, which is ${implementation}`;
  if (free_threaded) return `${name}, a free-threaded build`;
  if (!wide) return `${name}, a 32-bit build`;
  if (missing.length === 0) return undefined;
  const remedy = missing.some((module) => module === 'venv' || module === 'ensurepip')
    ? `on Debian and Ubuntu: sudo apt install python${minor}-venv`
    : 'reinstall it with its development libraries';
  return `${name}, which lacks ${missing.join(' and ')} (${remedy})`;
}

/**
 * @param {string} asked
 * @param {string[]} refusals
 */
function askedProblem(asked, refusals) {
  const found = refusals.length > 0 ? `is Python ${refusals.join('; ')}` : 'is not a working Python';
  return `SLASHBOX_PYTHON=${asked} ${found}. Slashbox needs a complete Python ${wanted()}; name another or unset it.`;
}

/** @param {string[]} refusals */
function searchProblem(refusals) {
  const found = refusals.length > 0 ? `found only ${refusals.join('; ')}` : 'found none on PATH';
  return `Slashbox needs Python ${wanted()}: ${found}. Install one, or name one with SLASHBOX_PYTHON=/path/to/python3.13.`;
}

function wanted() {
  return [...SUPPORTED_PYTHONS]
    .reverse()
    .join(', ')
    .replace(/, ([^,]+)$/, ' or $1');
}
