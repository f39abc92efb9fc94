// One set-up at a time in a checkout. A lock whose owner is gone is taken over, and what the owner had started
// and left running (npm goes on after `kill -9` of its parent) is ended first.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identifyProcess, isRunning } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity */
/** @typedef {{ host: string, owner: ProcessIdentity, child?: ProcessIdentity }} Holder */
/** @typedef {{ setChild(pid: number | undefined): void, release(): void }} SetupLock */

const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
/** A holder on another machine (a shared folder) cannot be looked up, only heard. */
const SILENCE_MS = 60_000;
/** Held for a few system calls only. */
const GUARD_LIFETIME_MS = 10_000;

/**
 * Waits until this process holds the lock.
 * @param {string} file
 * @param {(holder: Holder) => void} onWait called once, when another set-up is at work
 * @returns {Promise<SetupLock>}
 */
export async function takeSetupLock(file, onWait) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const owner = identifyProcess(process.pid) || { pid: process.pid, started: '' };
  /** @type {Holder} */
  const mine = { host: os.hostname(), owner };
  for (let told = false; !tryCreate(file, mine); ) {
    const other = readHolder(file);
    if (other === 'gone') continue;
    const stale = other === 'unreadable' ? ageMs(file) > GUARD_LIFETIME_MS : isStale(file, other);
    if (stale && takeOver(file, other)) continue;
    if (!stale && !told && other !== 'unreadable') {
      told = true;
      onWait(other);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    process.off('exit', release);
    fs.rmSync(file, { force: true });
  };
  process.on('exit', release);
  return {
    setChild(pid) {
      mine.child = pid === undefined ? undefined : identifyProcess(pid);
      try {
        replaceFile(file, JSON.stringify(mine));
      } catch (error) {
        // The installer is about to find the disk full as well, and says so better.
        if (!isCode(error, 'ENOSPC')) throw error;
      }
    },
    release,
  };
}

/**
 * A hard link appears with its content or not at all, so nobody reads half a lock.
 * @param {string} file
 * @param {Holder} holder
 */
function tryCreate(file, holder) {
  const draft = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(draft, JSON.stringify(holder));
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {Holder | 'gone' | 'unreadable'}
 */
function readHolder(file) {
  try {
    const holder = JSON.parse(fs.readFileSync(file, 'utf8'));
    return holder?.owner ? holder : 'unreadable';
  } catch (error) {
    return isCode(error, 'ENOENT') ? 'gone' : 'unreadable';
  }
}

/**
 * @param {string} file
 * @param {Holder} holder
 */
function isStale(file, holder) {
  return holder.host === os.hostname() ? !isRunning(holder.owner) : ageMs(file) > SILENCE_MS;
}

/**
 * Two that wait may find the same stale lock: the second must not remove the first one's fresh one.
 * @param {string} file
 * @param {Holder | 'unreadable'} seen
 * @returns {boolean} false when somebody else is at it: look again in a moment
 */
function takeOver(file, seen) {
  const guard = `${file}.takeover`;
  try {
    fs.closeSync(fs.openSync(guard, 'wx'));
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    if (ageMs(guard) > GUARD_LIFETIME_MS) fs.rmSync(guard, { force: true });
    return false;
  }
  try {
    const now = readHolder(file);
    if (JSON.stringify(now) !== JSON.stringify(seen)) return true;
    if (typeof seen === 'object') endOrphan(seen);
    fs.rmSync(file, { force: true });
    return true;
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

/** @param {Holder} holder */
function endOrphan({ host, child }) {
  if (!child || host !== os.hostname() || !isRunning(child)) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

/** @param {string} file */
function ageMs(file) {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  return stats ? Date.now() - stats.mtimeMs : 0;
}

/** @param {string} file */
function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/**
 * @param {string} file
 * @param {string} text
 */
function replaceFile(file, text) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text);
  fs.renameSync(draft, file);
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}
