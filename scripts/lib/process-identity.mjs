// Names a process so that its number, once used again by another process, is not taken for it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

/** @typedef {{ pid: number, started: string }} ProcessIdentity */

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined} nothing when no such process runs
 */
export function identifyProcess(pid) {
  const started = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return started ? { pid, started } : undefined;
}

/** @param {ProcessIdentity} identity */
export function isRunning(identity) {
  const now = identifyProcess(identity.pid);
  return now !== undefined && now.started === identity.started;
}

/** @param {number} pid */
function startOnLinux(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold anything, so count from its end: state is the first field after it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function startByPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  return stdout ? stdout.trim() || undefined : undefined;
}
