import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFiles, checkNpmLock, listProjectFiles } from '../../scripts/lib/project-rules.ts';

let root: string;
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'slashbox-rules-')));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function check(file: string, content: string | Buffer): string[] {
  fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  fs.writeFileSync(path.join(root, file), content);
  return checkFiles(root, [file]);
}

// Put together here, so that the rules do not find this file.
const home = (name: string) => ['', 'home', name, 'project'].join('/');
const download = (suffix: string) => `https://files.example.com/a-1.0.${suffix}`;

describe('checkFiles', () => {
  it.each([
    ['a home folder', 'docs/a.md', `see ${home('anna')}/x`],
    ["a Mac's home folder", 'docs/a.md', ['', 'Users', 'anna', 'x'].join('/')],
    ["root's home folder", 'a.json', `"${['', 'root', 'project'].join('/')}"`],
  ])('refuses %s', (_, file, text) => {
    expect(check(file, `fine\n${text}\n`)).toEqual([`${file}:2: a path of one machine`]);
  });

  it("refuses the checkout's own path", () => {
    expect(check('a.ts', `const x = '${root}/y';\n`)).toEqual(['a.ts:1: a path of one machine']);
  });

  it.each([
    ['a wheel', download('whl')],
    ['an npm package', download('tgz')],
    ['a source distribution', download('tar.gz')],
    ['a resolved entry', `"resolved": "${'http'}s://registry.example.com/x"`],
  ])('refuses the address of %s', (_, text) => {
    expect(check('package-lock.json', text)).toEqual([
      'package-lock.json:1: the address of a package download',
    ]);
  });

  it.each(['--index-url x', '-i x', '--find-links y', '# https://pypi.example.com/simple'])(
    'refuses "%s" in a Python lock',
    (line) => {
      expect(check('local/python/x.txt', `a==1\n${line}\n`)).toEqual([
        'local/python/x.txt:2: a lock names distributions and hashes only',
      ]);
      expect(check('docs/x.txt', `${line}\n`)).toEqual([]);
    },
  );

  it('refuses large files and long modules', () => {
    expect(check('a.bin', Buffer.alloc(2 ** 20 + 1))).toEqual(['a.bin: 1025 KB, a file may have 1024 KB']);
    expect(check('scripts/a.ts', 'x\n'.repeat(301))).toEqual([expect.stringMatching(/301 lines/)]);
    expect(check('scripts/a.ts', 'x\n'.repeat(300))).toEqual([]);
    expect(check('test/a.ts', 'x\n'.repeat(301))).toEqual([]);
  });

  it('refuses unfinished places in code', () => {
    expect(check('scripts/a.ts', `// ${'TO'}${'DO'}: more\n`)).toEqual([
      'scripts/a.ts:1: an unfinished place',
    ]);
  });

  it('leaves ordinary text alone', () => {
    const text = [
      'see /tmp/x and https://pypi.org',
      'a/home/b',
      '/home/sbx_user1051/x',
      'a==1 --hash=sha256:00',
    ];
    expect(check('scripts/a.ts', text.join('\n'))).toEqual([]);
  });
});

describe('listProjectFiles', () => {
  it('lists what is tracked or would be, not what is ignored or gone', () => {
    execFileSync('git', ['init', '-q'], { cwd: root });
    for (const file of ['tracked', 'deleted', 'new', 'ignored']) fs.writeFileSync(path.join(root, file), '');
    fs.writeFileSync(path.join(root, '.gitignore'), 'ignored\n');
    execFileSync('git', ['add', 'tracked', 'deleted'], { cwd: root });
    fs.rmSync(path.join(root, 'deleted'));
    expect(listProjectFiles(root)?.sort()).toEqual(['.gitignore', 'new', 'tracked']);
  });

  it('knows that a folder is no checkout', () => {
    expect(listProjectFiles(root)).toBeUndefined();
  });
});

describe('checkNpmLock', () => {
  const lock = (...more: string[]) =>
    JSON.stringify({
      packages: {
        'node_modules/a': { optionalDependencies: { 'a-mac': '1' } },
        'node_modules/b/node_modules/a': { optionalDependencies: { 'a-mac': '1' } },
        ...Object.fromEntries(more.map((name) => [name, {}])),
      },
    });

  it('finds optional packages of other platforms that are missing', () => {
    expect(checkNpmLock(lock())).toHaveLength(2);
    expect(checkNpmLock(lock('node_modules/b/node_modules/a-mac'))).toEqual([
      expect.stringContaining('node_modules/a wants a-mac, which is missing'),
    ]);
  });

  it('finds them wherever npm may have put them', () => {
    expect(checkNpmLock(lock('node_modules/a-mac'))).toEqual([]);
    expect(
      checkNpmLock(
        lock('node_modules/a/node_modules/a-mac', 'node_modules/b/node_modules/a/node_modules/a-mac'),
      ),
    ).toEqual([]);
  });
});
