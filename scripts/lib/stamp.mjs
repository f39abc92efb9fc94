// A stamp is a small JSON file, written last, that says what a finished folder was made from.
import crypto from 'node:crypto';
import fs from 'node:fs';

/** @param {string[]} files their contents and order count */
export function fingerprint(files) {
  const hash = crypto.createHash('sha256');
  for (const file of files) {
    const content = fs.readFileSync(file);
    hash.update(`${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} file
 * @returns {Record<string, unknown> | undefined} nothing when absent or damaged: both mean "make it again"
 */
export function readStamp(file) {
  try {
    const content = JSON.parse(fs.readFileSync(file, 'utf8'));
    return content !== null && typeof content === 'object' ? content : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {Record<string, unknown>} expected
 */
export function hasStamp(file, expected) {
  const found = readStamp(file);
  return found !== undefined && Object.entries(expected).every(([name, value]) => found[name] === value);
}

/**
 * All or nothing, also when the machine stops in the middle.
 * @param {string} file
 * @param {Record<string, unknown>} content
 */
export function writeStamp(file, content) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, `${JSON.stringify(content)}\n`, { flush: true });
  fs.renameSync(draft, file);
}
