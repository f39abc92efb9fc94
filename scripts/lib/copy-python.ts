/** Lists and copies what of a Python function's folder Lambda should get: modules, nothing made on this machine. */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** The executor's command line is for people, and byte code would carry this machine's paths and times. */
const LEFT_OUT = /^(__pycache__|cli\.py|command_line|README\.md|test.*|\..*|.*\.pyc)$/;

/** @returns paths of the files that {@link copyPython} takes, sorted */
export async function listPython(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const kept = entries.filter(({ name }) => !LEFT_OUT.test(name));
  const nested = await Promise.all(
    kept.map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listPython(path) : [path];
    }),
  );
  return nested.flat().sort();
}

export async function copyPython(from: string, files: readonly string[], to: string): Promise<void> {
  for (const file of files) {
    const target = join(to, relative(from, file));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file, target);
  }
}
