import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FUNCTIONS } from '../../infra/names.ts';
import { bundle } from '../../scripts/bundle.ts';

const SOURCES = {
  'functions/interactions/handler.ts': "export const handler = () => 'hello from interactions';\n",
  'functions/worker/handler.ts':
    "import { REST } from '@discordjs/rest';\nexport const handler = () => typeof new REST().get;\n",
  'functions/worker/failure.ts': "import { words } from './words.ts';\nexport const handler = () => words;\n",
  'functions/worker/words.ts': "export const words = 'sorry';\n",
  'functions/cleanup/handler.ts': 'export const handler = () => 0;\n',
  'functions/executor/handler.py': 'from inner.run import run\n',
  'functions/executor/cli.py': 'print("for people")\n',
  'functions/executor/command_line/options.py': 'print("for people")\n',
  'functions/executor/inner/run.py': 'run = 1\n',
  'functions/executor/inner/__pycache__/run.cpython-313.pyc': 'made on this machine',
  'functions/executor/test_run.py': 'assert False\n',
  'functions/rebuild/handler.py':
    'from functions.rebuild.app import run\nfrom layers.approved.lock import lock\n',
  'functions/rebuild/app.py': 'run = 2\n',
  'functions/promote/handler.ts': 'export const handler = () => 0;\n',
  'layers/approved/lock.py': 'lock = 3\n',
  'layers/approved/locks/wheels.json': '{}',
  'layers/approved/smoke/chart.py': 'print("passed")\n',
};

let project: string;
let outDir: string;
const options = () => ({ sourceDir: project, outDir });
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};
const read = (path: string) => readFileSync(join(outDir, path), 'utf8');
const filesOf = (name: string) =>
  readdirSync(join(outDir, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

/** What the bundle's handler returns, in a process that knows no project. */
const callHandler = (name: string): string => {
  const code = `console.log(require(${JSON.stringify(join(outDir, name, 'handler.js'))}).handler())`;
  return spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', cwd: tmpdir() }).stdout.trim();
};

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'slashbox-bundle-'));
  outDir = join(project, 'dist', 'functions');
  for (const [path, text] of Object.entries(SOURCES)) write(path, text);
});
afterEach(() => rmSync(project, { recursive: true }));

describe('bundling', () => {
  test('makes a folder for every function that the stack deploys', async () => {
    await bundle(options());
    expect(FUNCTIONS.filter((name) => !existsSync(join(outDir, name)))).toEqual([]);
  });

  test('makes one file that runs without the project', async () => {
    await bundle(options());
    expect(filesOf('failures')).toEqual(['handler.js']);
    expect(callHandler('failures')).toBe('sorry');
    expect(callHandler('worker')).toBe('function');
  });

  test('minifies, and leaves source maps and this machine out', async () => {
    await bundle(options());
    const code = read('worker/handler.js');
    expect(code).not.toContain('sourceMappingURL');
    expect(code).not.toContain(project);
    expect(code.length / code.split('\n').length).toBeGreaterThan(200);
  });

  test('takes the build of Discord’s client that brings no HTTP stack along', async () => {
    await bundle(options());
    expect(read('worker/handler.js')).not.toContain('undici');
  });

  test('copies Python as Lambda should get it', async () => {
    await bundle(options());
    expect(filesOf('executor')).toEqual(['handler.py', 'run.py']);
  });

  test('puts the rebuild together so that its modules find each other by the paths that they have here', async () => {
    await bundle(options());
    const code = 'import handler; print(handler.run, handler.lock, handler.__file__)';
    const { stdout } = spawnSync('python3', ['-c', code], { encoding: 'utf8', cwd: join(outDir, 'rebuild') });
    expect(stdout).toBe(`2 3 ${join(outDir, 'rebuild', 'handler.py')}\n`);
    expect(existsSync(join(outDir, 'rebuild/layers/approved/locks/wheels.json'))).toBe(true);
    expect(existsSync(join(outDir, 'rebuild/functions/rebuild/handler.py'))).toBe(false);
  });

  test('sends the smoke suite along with the promotion, and sees a change in it', async () => {
    await bundle(options());
    expect(filesOf('promote')).toEqual(['chart.py', 'handler.js']);
    write('layers/approved/smoke/table.py', 'print("passed")\n');
    await bundle(options());
    expect(filesOf('promote')).toEqual(['chart.py', 'handler.js', 'table.py']);
  });

  test('makes equal bytes from equal sources', async () => {
    await bundle(options());
    const first = FUNCTIONS.map((name) => filesOf(name).map((file) => [file, name]));
    const code = read('worker/handler.js');
    rmSync(outDir, { recursive: true });
    await bundle(options());
    expect(FUNCTIONS.map((name) => filesOf(name).map((file) => [file, name]))).toEqual(first);
    expect(read('worker/handler.js')).toBe(code);
  });

  test('makes files that Lambda’s own user can read, whatever the umask was', async () => {
    chmodSync(join(project, 'functions/executor/handler.py'), 0o600);
    await bundle(options());
    const modes = ['executor', 'executor/handler.py', 'executor/inner', 'worker', 'worker/handler.js'].map(
      (path) => (statSync(join(outDir, path)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['755', '644', '755', '755', '644']);
  });

  test('leaves what has not changed as it is', async () => {
    await bundle(options());
    const inodes = () => FUNCTIONS.map((name) => statSync(join(outDir, name)).ino);
    const before = inodes();
    await bundle(options());
    expect(inodes()).toEqual(before);
  });

  test.each([
    [
      'a module that an entry point imports',
      'functions/worker/words.ts',
      "export const words = 'so sorry';\n",
    ],
    [
      'a new version of the entry point',
      'functions/worker/failure.ts',
      "export const handler = () => 'so sorry';\n",
    ],
  ])('sees a change in %s', async (_, path, text) => {
    await bundle(options());
    write(path, text);
    await bundle(options());
    expect(callHandler('failures')).toBe('so sorry');
  });

  test('sees a Python module that came or went', async () => {
    await bundle(options());
    write('functions/executor/inner/new.py', 'new = 1\n');
    rmSync(join(project, 'functions/executor/inner/run.py'));
    await bundle(options());
    expect(filesOf('executor')).toEqual(['handler.py', 'new.py']);
  });

  test('makes again what somebody deleted', async () => {
    await bundle(options());
    rmSync(join(outDir, 'cleanup'), { recursive: true });
    await bundle(options());
    expect(callHandler('cleanup')).toBe('0');
  });

  test('can be asked for by several at once', async () => {
    await Promise.all([bundle(options()), bundle(options()), bundle(options())]);
    expect(callHandler('interactions')).toBe('hello from interactions');
    // Nothing half done stays beside the results.
    expect(readdirSync(outDir).sort()).toEqual(['.inputs', ...FUNCTIONS].sort());
  });

  test('names the file and line of a mistake, and keeps the last good bundle', async () => {
    await bundle(options());
    write('functions/cleanup/handler.ts', 'export const handler = () => 0;\nexport * from "./nowhere.ts";\n');
    await expect(bundle(options())).rejects.toThrow(
      /functions\/cleanup\/handler\.ts could not be bundled: .*nowhere.* \(functions\/cleanup\/handler\.ts:2\)/,
    );
    expect(callHandler('cleanup')).toBe('0');
  });
});
