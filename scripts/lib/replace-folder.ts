/** Fills a folder beside its place and renames it in, so that nobody ever sees it half done. */
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** @param fill writes everything into the folder that it is given; where it fails, the old one stays */
export async function replaceFolder(folder: string, fill: (into: string) => Promise<void>): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const fresh = await mkdtemp(join(parent, `.${basename(folder)}-`));
  try {
    await fill(fresh);
    await makeReadable(fresh);
    await moveInto(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Lambda runs code as another user, and a careful umask must change neither that nor the bytes. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else await chmod(path, 0o644);
  }
}

/** Another process may be putting the same thing there at this moment; whoever comes last wins. */
async function moveInto(fresh: string, folder: string, attemptsLeft = 10): Promise<void> {
  const former = `${fresh}-former-${attemptsLeft}`;
  try {
    await rename(folder, former).catch(unless('ENOENT'));
    await rename(fresh, folder);
  } catch (error) {
    if (attemptsLeft === 0) throw error;
    unless('ENOTEMPTY', 'EEXIST')(error);
    await moveInto(fresh, folder, attemptsLeft - 1);
  } finally {
    await rm(former, { recursive: true, force: true });
  }
}

/** @returns what throws every error but these */
function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
}
