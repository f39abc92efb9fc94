// node_modules as package-lock.json says: installed when it differs, left alone when it does not.
import fs from 'node:fs';
import path from 'node:path';
import { fingerprint, hasStamp, readStamp, writeStamp } from './stamp.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage */

/** A slow registry deserves patience; one that is not there should say so within seconds. */
const PATIENCE = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];

/** @param {string} root */
export function nodePackagesReady(root) {
  return hasStamp(stampFile(root), expectedStamp(root));
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./installer.mjs').RunStep} runStep
 */
export async function installNodePackages(root, env, runStep) {
  if (!matchesLock(root)) {
    fs.rmSync(stampFile(root), { force: true });
    await runStep({
      label: 'Node packages (npm ci)',
      commands: [[...npmCommand(env), 'ci', '--include=dev', '--no-audit', '--no-fund', ...PATIENCE]],
      env,
      registry: 'the npm registry',
    });
  }
  writeStamp(stampFile(root), expectedStamp(root));
}

/** @param {string} root */
function stampFile(root) {
  return path.join(root, 'node_modules', '.slashbox.json');
}

/** @param {string} root */
function expectedStamp(root) {
  const lock = fingerprint([path.join(root, 'package-lock.json')]);
  return { lock, platform: `${process.platform}-${process.arch}` };
}

/**
 * A developer's own `npm install` leaves exactly what the lock says: npm's record of the installed tree tells.
 * @param {string} root
 */
function matchesLock(root) {
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  const locked = readPackages(path.join(root, 'package-lock.json'));
  if (!installed || !locked) return false;
  const wanted = Object.entries(locked).filter(([name]) => name !== '');
  return (
    Object.keys(installed).every((name) => name in locked) &&
    wanted.every(([name, { version, integrity, ...rest }]) => {
      const found = installed[name];
      if (!found) return rest.optional === true && !isForThisMachine(rest);
      return found.version === version && found.integrity === integrity;
    })
  );
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(file) {
  const lock = readStamp(file);
  return lock && typeof lock.packages === 'object' && lock.packages !== null
    ? /** @type {Record<string, LockedPackage>} */ (lock.packages)
    : undefined;
}

/**
 * Only what names this system and processor is surely wanted: npm leaves out other optional packages at will.
 * @param {LockedPackage} locked
 */
function isForThisMachine({ os, cpu, libc }) {
  return Boolean(os && cpu && !libc && os.includes(process.platform) && cpu.includes(process.arch));
}

/**
 * The npm that started us, if one did, so that a version manager's choice holds.
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('./installer.mjs').Command}
 */
function npmCommand(env) {
  const npm = env.npm_execpath;
  return npm && path.basename(npm) === 'npm-cli.js' && fs.existsSync(npm) ? [process.execPath, npm] : ['npm'];
}
