/** Which test files there are, and which of them a person's filters mean. */
import fs from 'node:fs';
import path from 'node:path';

export type Runner = 'vitest' | 'pytest';

/**
 * @param root the project's folder; its tests lie in `test/`
 * @param filters parts of paths, any of which may match; none means all
 * @returns paths relative to `root`, with forward slashes, sorted
 */
export function findTestFiles(root: string, filters: readonly string[]): Record<Runner, string[]> {
  const folder = path.join(root, 'test');
  const all = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const files = all.map((file) => path.posix.join('test', file.split(path.sep).join('/'))).sort();
  const wanted = filters.map((filter) => path.posix.normalize(filter).replace(/^\.\//, ''));
  const chosen = files.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
  return {
    vitest: chosen.filter((file) => file.endsWith('.test.ts')),
    pytest: chosen.filter((file) => /(^|\/)test_[^/]*\.py$/.test(file)),
  };
}
