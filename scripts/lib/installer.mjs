// Runs an installer as one step: shown with its seconds, its words kept in a log file, its failure told in one
// line, and the whole of it (children too) ended with us.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { explainFailure, SetupError } from './setup-error.mjs';

/**
 * @typedef {import('./setup-lock.mjs').SetupLock} SetupLock
 * @typedef {import('./progress.mjs').Progress} Progress
 * @typedef {{
 *   label: string, command: string, args: string[], env: NodeJS.ProcessEnv,
 *   registry: string, passThrough?: RegExp,
 * }} Step `registry` in words; lines of stderr that match `passThrough` are shown as they come
 * @typedef {(step: Step) => Promise<string>} RunStep resolves with what the installer wrote to stdout
 */

/** Enough to explain any failure; an installer gone mad must not fill our memory. */
const KEPT_CHARACTERS = 200_000;
const LOG_NAME = /[^a-z0-9]+/g;

/**
 * @param {{ folder: string, logs: string, lock: SetupLock, progress: Progress }} context
 * @returns {RunStep}
 */
export function createInstaller({ folder, logs, lock, progress }) {
  return async (step) => {
    fs.mkdirSync(logs, { recursive: true });
    const logFile = path.join(logs, `${step.label.toLowerCase().replace(LOG_NAME, '-')}.log`);
    const shown = progress.start(step.label);
    const outcome = await run(step, folder, logFile, lock, shown.note);
    if (outcome.signal) {
      shown.end('interrupted');
      throw new SetupError(`${step.label} was interrupted (${outcome.signal}). Run the command again to go on.`);
    }
    if (outcome.status === 0) {
      shown.end('done');
      return outcome.stdout;
    }
    shown.end('failed');
    const said = explainFailure(outcome.stderr + outcome.stdout, { ...step, folder });
    throw new SetupError(`${said} The installer's own words: ${path.relative(folder, logFile)}`);
  };
}

/**
 * @param {Step} step
 * @param {string} folder
 * @param {string} logFile
 * @param {SetupLock} lock
 * @param {(line: string) => void} note
 * @returns {Promise<{ status: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }>}
 */
function run({ label, command, args, env, passThrough }, folder, logFile, lock, note) {
  return new Promise((resolve, reject) => {
    const log = fs.openSync(logFile, 'w');
    // A process group of its own, so that its children can be ended together with it.
    const child = spawn(command, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = endWithUs(child.pid);
    lock.setChild(child.pid);
    const kept = { stdout: '', stderr: '' };
    let line = '';
    /** @param {'stdout' | 'stderr'} name @param {string} text */
    const keep = (name, text) => {
      kept[name] = (kept[name] + text).slice(-KEPT_CHARACTERS);
      writeLog(log, text);
      if (!passThrough || name !== 'stderr') return;
      const lines = (line + text).split('\n');
      line = lines.pop() || '';
      for (const whole of lines) if (passThrough.test(whole)) note(whole);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => keep('stdout', text));
    child.stderr.setEncoding('utf8').on('data', (text) => keep('stderr', text));
    const finish = () => {
      stop();
      fs.closeSync(log);
      lock.setChild(undefined);
    };
    child.once('error', (error) => {
      finish();
      reject(new SetupError(`${label} failed: ${command} cannot be started (${error.message}).`, { cause: error }));
    });
    child.once('close', (status, signal) => {
      finish();
      resolve({ status, signal, ...kept });
    });
  });
}

/**
 * @param {number} log
 * @param {string} text
 */
function writeLog(log, text) {
  try {
    fs.writeSync(log, text);
  } catch (error) {
    // On a full disk the installer's own failure is the message that counts, and it arrives by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

/**
 * Passes our end on to the process group, until the returned function is called.
 * @param {number | undefined} pid
 */
function endWithUs(pid) {
  const end = () => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGTERM');
    } catch {
      // It ended by itself meanwhile.
    }
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, end);
  process.on('exit', end);
  return () => {
    for (const signal of signals) process.off(signal, end);
    process.off('exit', end);
  };
}
