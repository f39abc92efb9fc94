/** An approved list of a test's own, in place of the sixty-two: list, lock and index of a few small packages. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Release, WheelIndex } from './wheel-index.ts';

export interface ApprovedOptions {
  /** As `packages.toml` has it. */
  readonly approved: string;
  /** Of the first environment; the index has them. */
  readonly releases: readonly Release[];
  readonly index: WheelIndex;
}

/**
 * @param folder a copy of layers/approved
 * @param python the program whose version the lock is for
 * @returns that version, e.g. `3.11`
 */
export async function writeApproved(
  folder: string,
  python: string,
  { approved, releases, index }: ApprovedOptions,
): Promise<string> {
  const version = await versionOf(python);
  const locks = join(folder, 'locks');
  await rm(locks, { recursive: true });
  await mkdir(locks);
  await writeFile(join(folder, 'packages.toml'), approved);
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  await writeFile(join(locks, `python${version}-${machine}.txt`), index.lockOf(releases));
  const distributions = Object.fromEntries(
    releases.map(({ name, version: release }) => [
      name,
      { [release]: { imports: [name], unpacked_bytes: 1_000 } },
    ]),
  );
  await writeFile(join(locks, 'wheels.json'), JSON.stringify({ version: 1, distributions }));
  return version;
}

async function versionOf(python: string): Promise<string> {
  const code = 'import sys; print("%d.%d" % sys.version_info[:2], end="")';
  return (await promisify(execFile)(python, ['-c', code])).stdout;
}
