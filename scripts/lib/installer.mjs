// Runs an installer as one step: shown with its seconds, its words kept in a log file, its failure told in one
// line, and the whole of it (children too) ended with us.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { explainFailure, SetupError } from './setup-error.mjs';

/**
 * @typedef {[program: string, ...args: string[]]} Command
 * @typedef {import('./setup-lock.mjs').SetupLock} SetupLock
 * @typedef {import('./progress.mjs').Progress} Progress
 * @typedef {{
 *   label: string, commands: Command[], env: NodeJS.ProcessEnv, registry: string, passThrough?: RegExp,
 * }} Step commands run one after the other, the first failure ends the step; `registry` in words; lines of
 *   stderr that match `passThrough` are shown as they come
 * @typedef {(step: Step) => Promise<string>} RunStep resolves with what the last command wrote to stdout
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
    const log = path.join(logs, `${step.label.toLowerCase().replace(LOG_NAME, '-')}.log`);
    fs.writeFileSync(log, '');
    const shown = progress.start(step.label);
    let stdout = '';
    for (const command of step.commands) {
      const outcome = await run(command, step, { folder, log, lock, note: shown.note });
      if (outcome.signal) {
        shown.end('interrupted');
        const exitCode = 128 + os.constants.signals[outcome.signal];
        throw new SetupError(`${step.label} was interrupted. Run the command again to go on.`, { exitCode });
      }
      if (outcome.status !== 0) {
        shown.end('failed');
        const said = explainFailure(outcome.stderr + outcome.stdout, { ...step, folder });
        throw new SetupError(`${said} The installer's own words: ${path.relative(folder, log)}`);
      }
      stdout = outcome.stdout;
    }
    shown.end('done');
    return stdout;
  };
}

/**
 * @param {Command} command
 * @param {Step} step
 * @param {{ folder: string, log: string, lock: SetupLock, note: (line: string) => void }} context
 * @returns {Promise<{ status: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }>}
 */
function run([command, ...args], { label, env, passThrough }, { folder, log: logFile, lock, note }) {
  return new Promise((resolve, reject) => {
    const log = fs.openSync(logFile, 'a');
    // A process group of its own, so that its children can be ended together with it.
    const child = spawn(command, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = endWithUs(child.pid);
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
      end.detach();
      fs.closeSync(log);
    };
    child.once('error', (error) => {
      finish();
      reject(
        new SetupError(`${label} failed: ${command} cannot be started (${error.message}).`, { cause: error }),
      );
    });
    child.once('close', (status, signal) => {
      finish();
      resolve({ status, signal: end.received() || signal, ...kept });
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
 * Passes our end on to the process group: asks first, insists the second time.
 * @param {number | undefined} pid
 */
function endWithUs(pid) {
  /** @type {NodeJS.Signals | undefined} */
  let received;
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, received ? 'SIGKILL' : 'SIGTERM');
    } catch {
      // It ended by itself meanwhile.
    }
    received = signal;
  };
  const atExit = () => end('SIGTERM');
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, end);
  process.on('exit', atExit);
  return {
    received: () => received,
    detach() {
      for (const signal of signals) process.off(signal, end);
      process.off('exit', atExit);
    },
  };
}
