/** Tells whether files have changed since something was made from them, without reading them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Fingerprint {
  readonly inputs: readonly string[];
  /** Over path, size and time of change of each input, and the settings. */
  readonly hash: string;
}

/** @param settings whatever else decides the result */
export async function fingerprintOf(inputs: readonly string[], settings: unknown): Promise<Fingerprint> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const input of inputs) {
    const { size, mtimeMs } = await stat(input);
    hash.update(`\n${input} ${size} ${mtimeMs}`);
  }
  return { inputs, hash: hash.digest('hex') };
}

/** @param record file written by {@link remember}; anything wrong with it means "not up to date" */
export async function isUpToDate(record: string, result: string, settings: unknown): Promise<boolean> {
  if (!existsSync(result)) return false;
  try {
    const { inputs, hash } = JSON.parse(await readFile(record, 'utf8')) as Fingerprint;
    return (await fingerprintOf(inputs, settings)).hash === hash;
  } catch {
    return false;
  }
}

export async function remember(record: string, fingerprint: Fingerprint): Promise<void> {
  await mkdir(dirname(record), { recursive: true });
  await writeFile(record, JSON.stringify(fingerprint));
}
