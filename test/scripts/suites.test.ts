// The two runners with our reports, on small suites of their own.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeTool } from '../../scripts/lib/node-tool.ts';
import { PROJECT_ROOT, setupPaths } from '../../scripts/lib/paths.mjs';
import { readSuiteReport } from '../../scripts/lib/test-counts.ts';
import { findTestFiles } from '../../scripts/lib/test-files.ts';
import { REPORT_VARIABLE } from '../../scripts/lib/vitest-report.ts';

const LIBRARY = path.join(PROJECT_ROOT, 'scripts', 'lib');

let folder: string;
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'slashbox-suite-')));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function write(file: string, ...lines: string[]) {
  fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  fs.writeFileSync(path.join(folder, file), `${lines.join('\n')}\n`);
}

function runVitest() {
  const [program, tool] = nodeTool('vitest');
  const reporter = `--reporter=${path.join(LIBRARY, 'vitest-report.ts')}`;
  const args = [tool, 'run', '--root', folder, '--globals', reporter, '--config', 'no-config.mjs'];
  write('no-config.mjs', 'export default {};');
  return run(program, args, { [REPORT_VARIABLE]: path.join(folder, 'report.json') });
}

function runPytest() {
  const report = path.join(folder, 'report.json');
  return run(setupPaths().python('dev'), [
    path.join(LIBRARY, 'run_pytest.py'),
    report,
    '-p',
    'no:cacheprovider',
  ]);
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stderr } = spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  const report = path.join(folder, 'report.json');
  const text = fs.existsSync(report) ? fs.readFileSync(report, 'utf8') : undefined;
  return { status, stderr, ...readSuiteReport(text, status === 0 ? undefined : `exit code ${status}`) };
}

describe('the vitest report', () => {
  it('counts outcomes and keeps the reasons of skipped tests', () => {
    write(
      'a.test.mjs',
      "test('passes', () => {});",
      "test('fails', () => { throw new Error('no'); });",
      "test('lacks something', (context) => context.skip('no browser'));",
      "test.todo('later');",
      "describe('group', () => { test.each([1, 2])('%i', () => {}); });",
    );
    expect(runVitest()).toMatchObject({
      status: 1,
      passed: 3,
      failed: 1,
      skipped: [
        { name: 'lacks something', reason: 'no browser' },
        { name: 'later', reason: 'not written yet' },
      ],
      broken: [],
    });
  });

  it.each([
    ['a file that cannot be loaded', "import './nowhere.mjs';", /bad\.test\.mjs: .*nowhere/],
    [
      'a group whose set-up fails',
      "describe('g', () => { beforeAll(() => { throw new Error('no cloud'); }); test('t', () => {}); });",
      /no cloud/,
    ],
    ['an error that no test caught', "test('t', () => { Promise.reject(new Error('lost')); });", /lost/],
  ])('calls the suite broken by %s', (_, source, why) => {
    write('good.test.mjs', "test('passes', () => {});");
    write('bad.test.mjs', source);
    const { status, broken } = runVitest();
    expect(status).toBe(1);
    expect(broken.join('\n')).toMatch(why);
  });
});

describe('the pytest report', () => {
  it('counts each test once and keeps the reasons of skipped tests', () => {
    write(
      'test_a.py',
      'import pytest',
      'def test_passes(): pass',
      'def test_fails(): assert False',
      'def test_lacks_something(): pytest.skip("no kernel support")',
      '@pytest.mark.skipif(True, reason="only elsewhere")',
      'def test_elsewhere(): pass',
      '@pytest.mark.xfail(strict=True)',
      'def test_expected_to_fail(): assert False',
      '@pytest.mark.xfail(strict=True)',
      'def test_no_longer_fails(): pass',
      '@pytest.fixture',
      'def broken_at_its_end():',
      '    yield',
      '    raise RuntimeError',
      'def test_leaves_a_mess(broken_at_its_end): pass',
    );
    expect(runPytest()).toMatchObject({
      status: 1,
      passed: 2,
      failed: 3,
      skipped: [
        { name: 'test_a.py::test_lacks_something', reason: 'no kernel support' },
        { name: 'test_a.py::test_elsewhere', reason: 'only elsewhere' },
      ],
      broken: [],
    });
  });

  it('calls the suite broken by a file that cannot be loaded', () => {
    write('test_good.py', 'def test_passes(): pass');
    write('test_bad.py', 'import nowhere');
    const { status, passed, broken } = runPytest();
    expect([status, passed]).toEqual([2, 0]);
    expect(broken).toEqual([expect.stringMatching(/^test_bad\.py: .*nowhere/)]);
  });

  it('calls an empty suite broken', () => {
    expect(runPytest()).toMatchObject({ status: 5, broken: ['no tests ran'] });
  });
});

describe('findTestFiles', () => {
  const place = () => {
    for (const file of [
      'a/one.test.ts',
      'a/one.ts',
      'b/one.cloud.test.ts',
      'b/test_two.py',
      'b/conftest.py',
    ]) {
      write(`test/${file}`);
    }
    return folder;
  };

  it('knows which runner a file is for', () => {
    expect(findTestFiles(place(), [])).toEqual({
      vitest: ['test/a/one.test.ts', 'test/b/one.cloud.test.ts'],
      pytest: ['test/b/test_two.py'],
    });
  });

  it('takes parts of paths, as people type them', () => {
    expect(findTestFiles(place(), ['./test/b'])).toEqual({
      vitest: ['test/b/one.cloud.test.ts'],
      pytest: ['test/b/test_two.py'],
    });
    expect(findTestFiles(place(), ['two', 'a/one'])).toEqual({
      vitest: ['test/a/one.test.ts'],
      pytest: ['test/b/test_two.py'],
    });
    expect(findTestFiles(place(), ['nothing'])).toEqual({ vitest: [], pytest: [] });
  });

  it('finds none where there is no test folder', () => {
    expect(findTestFiles(folder, [])).toEqual({ vitest: [], pytest: [] });
  });
});
