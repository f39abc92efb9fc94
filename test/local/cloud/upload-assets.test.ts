import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipFolder } from '../../../local/cloud/upload-assets.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slashbox-zip-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(root: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), name);
  }
}

describe('a zipped folder', () => {
  it('has every file under its path', async () => {
    await write(folder, ['z.py', 'a/b/c.txt', 'a.txt']);
    expect(Object.keys(unzipSync(await zipFolder(folder)))).toEqual(['a.txt', 'a/b/c.txt', 'z.py']);
  });

  it('is the same to the byte whenever and in whatever order its files were written', async () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await write(one, ['b', 'a/c', 'a/b']);
    await write(two, ['a/b', 'b', 'a/c']);
    await utimes(join(two, 'b'), 1, 1);
    expect(await zipFolder(one)).toEqual(await zipFolder(two));
  });

  it('differs where a file may be executed', async () => {
    await write(folder, ['run']);
    const before = await zipFolder(folder);
    await chmod(join(folder, 'run'), 0o755);
    expect(await zipFolder(folder)).not.toEqual(before);
  });
});
