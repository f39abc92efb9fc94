#!/usr/bin/env node
// Set-up: makes sure that what a command needs is installed, and installs what is not. Needs nothing but Node.js.
// By hand: `node scripts/setup.mjs [node] [tools] [cloud] [executor] [dev] [packages] [bundles]`, everything by
// default.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createInstaller } from './lib/installer.mjs';
import { installNodePackages, nodePackagesReady } from './lib/node-packages.mjs';
import { nodeProblem } from './lib/node-version.mjs';
import {
  buildPackageEnvironment,
  packageEnvironmentFolder,
  packageEnvironmentReady,
} from './lib/package-environment.mjs';
import { PROJECT_ROOT, setupPaths } from './lib/paths.mjs';
import { createProgress } from './lib/progress.mjs';
import { installPythonEnvironments, pythonEnvironmentReady } from './lib/python-environments.mjs';
import { explainFileError, SetupError } from './lib/setup-error.mjs';
import { takeSetupLock } from './lib/setup-lock.mjs';

/**
 * @typedef {import('./lib/paths.mjs').PythonEnvironment} PythonEnvironment
 * @typedef {'node' | PythonEnvironment | 'packages' | 'bundles'} Part `packages`: the layer; `bundles`: and the small
 *   bundles, which are otherwise built when a run first needs them
 * @typedef {{
 *   root: string,
 *   uv: string,
 *   python: { cloud: string, executor: string, dev: string },
 *   packages: string | undefined,
 * }} Setup paths: `uv` and `python.…` are programs, `packages` is the built environment of approved packages
 */

/** In the order in which they are made, with the disk space that making them takes (measured, rounded up). */
/** @type {[Part, number][]} */
const PARTS = [
  ['node', 700],
  ['tools', 150],
  ['cloud', 200],
  ['executor', 50],
  ['dev', 300],
  ['packages', 800],
  ['bundles', 1000],
];
const MEGABYTE = 2 ** 20;
/** Written by hand in every message about set-up as a whole. */
const LABEL = 'Set-up';

/**
 * Instant when nothing is missing. Safe to call from several processes at once; what was interrupted goes on.
 * @param {{ need?: Part[], root?: string, env?: NodeJS.ProcessEnv, progress?: import('./lib/progress.mjs').Progress }} [options]
 * @returns {Promise<Setup>}
 * @throws {SetupError} with one line for the person at the keyboard
 */
export async function ensureSetup(options = {}) {
  const { need = PARTS.map(([part]) => part), root = PROJECT_ROOT, env = process.env } = options;
  checkMachine();
  const paths = setupPaths(root);
  const wanted = withWhatTheyNeed(need);
  const missing = () => wanted.filter((part) => !isReady(part, paths, env));
  if (missing().length > 0) {
    const context = { label: LABEL, folder: root, registry: '' };
    try {
      await install(paths, env, missing, options.progress || createProgress());
    } catch (error) {
      throw explainFileError(error, context) || error;
    }
  }
  return {
    root,
    uv: paths.uv,
    python: { cloud: paths.python('cloud'), executor: paths.python('executor'), dev: paths.python('dev') },
    packages: packageEnvironmentFolder(paths),
  };
}

function checkMachine() {
  const problem = nodeProblem(process.versions.node);
  if (problem) throw new SetupError(problem);
  if (process.platform === 'win32')
    throw new SetupError('Slashbox runs on Linux and macOS. On Windows, run it in WSL (wsl --install).');
}

/**
 * @param {Part[]} need
 * @returns {Part[]}
 */
function withWhatTheyNeed(need) {
  const wanted = new Set(need);
  if (wanted.has('bundles')) wanted.add('packages');
  if (wanted.has('packages')) wanted.add('executor');
  if ([...wanted].some((part) => part !== 'node')) wanted.add('tools');
  return PARTS.map(([part]) => part).filter((part) => wanted.has(part));
}

/**
 * @param {Part} part
 * @param {import('./lib/paths.mjs').SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 */
function isReady(part, paths, env) {
  if (part === 'node') return nodePackagesReady(paths.root);
  if (part === 'packages') return packageEnvironmentReady(paths, env, 'core');
  if (part === 'bundles') return packageEnvironmentReady(paths, env, 'small');
  return pythonEnvironmentReady(paths, env, part);
}

/**
 * @param {import('./lib/paths.mjs').SetupPaths} paths
 * @param {NodeJS.ProcessEnv} env
 * @param {() => Part[]} missing asked again under the lock: another set-up may have been quicker
 * @param {import('./lib/progress.mjs').Progress} progress
 */
async function install(paths, env, missing, progress) {
  const lock = await takeSetupLock(path.join(paths.home, 'setup.lock'), (holder) =>
    progress.line(`waiting for another set-up to finish (process ${holder.owner.pid})`),
  );
  try {
    const parts = missing();
    if (parts.length === 0) return;
    checkSpace(paths, parts);
    const runStep = createInstaller({ folder: paths.root, logs: paths.logs, lock, progress });
    /** @type {PythonEnvironment[]} */
    const pythons = [];
    for (const part of parts)
      if (part !== 'node' && part !== 'packages' && part !== 'bundles') pythons.push(part);
    if (parts.includes('node')) await installNodePackages(paths.root, env, runStep);
    if (pythons.length > 0) await installPythonEnvironments(paths, env, pythons, runStep);
    if (parts.includes('bundles')) await buildPackageEnvironment(paths, env, 'small', runStep);
    else if (parts.includes('packages')) await buildPackageEnvironment(paths, env, 'core', runStep);
  } finally {
    lock.release();
  }
}

/**
 * @param {import('./lib/paths.mjs').SetupPaths} paths
 * @param {Part[]} parts
 */
function checkSpace(paths, parts) {
  const wanted = PARTS.reduce((sum, [part, megabytes]) => sum + (parts.includes(part) ? megabytes : 0), 0);
  const { bavail, bsize } = fs.statfsSync(paths.home);
  const free = Math.floor((bavail * bsize) / MEGABYTE);
  if (free >= wanted) return;
  throw new SetupError(
    `${LABEL} needs about ${wanted} MB of disk space in ${paths.root}, ${free} MB are free. Make room and run the command again.`,
  );
}

/** @param {string[]} args */
async function main(args) {
  const known = PARTS.map(([part]) => part);
  const unknown = args.find((arg) => !known.some((part) => part === arg));
  try {
    if (unknown !== undefined)
      throw new SetupError(`There is no part "${unknown}": choose from ${known.join(', ')}.`);
    const need = known.filter((part) => args.length === 0 || args.includes(part));
    await ensureSetup({ need });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  await main(process.argv.slice(2));
}
