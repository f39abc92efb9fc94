import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSuiteReport, type SuiteReport, summarise } from '../../scripts/lib/test-counts.ts';

const LAST_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;
const suite = (more: Partial<SuiteReport> = {}): SuiteReport => ({
  passed: 3,
  failed: 0,
  skipped: [],
  broken: [],
  ...more,
});
const anySuite: fc.Arbitrary<SuiteReport> = fc.record({
  passed: fc.nat(10_000),
  failed: fc.nat(100),
  skipped: fc.array(fc.record({ name: fc.string(), reason: fc.string() }), { maxLength: 5 }),
  broken: fc.array(fc.string(), { maxLength: 3 }),
});

describe('readSuiteReport', () => {
  it('gives what a sound suite reported', () => {
    expect(readSuiteReport(JSON.stringify(suite()), undefined)).toEqual(suite());
  });

  it('takes a failing exit code for granted when tests failed', () => {
    const report = suite({ failed: 2 });
    expect(readSuiteReport(JSON.stringify(report), 'exit code 1')).toEqual(report);
  });

  it.each([
    ['crashed before its report', undefined, 'ended by SIGKILL', 'no report, ended by SIGKILL'],
    ['wrote no report and says all is well', undefined, undefined, 'no report, exit code 0'],
    ['ran nothing', JSON.stringify(suite({ passed: 0 })), undefined, 'no tests ran'],
    ['failed without a failed test', JSON.stringify(suite()), 'exit code 3', 'exit code 3'],
  ])('calls a suite broken that %s', (_, text, exit, why) => {
    expect(readSuiteReport(text, exit).broken).toEqual([why]);
  });

  it('takes any text for a report or for a broken suite, never for a green one by accident', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      anySuite.map((report) => JSON.stringify(report)),
    );
    fc.assert(
      fc.property(text, fc.option(fc.constant('exit code 1'), { nil: undefined }), (report, exit) => {
        const { passed, failed, skipped, broken } = readSuiteReport(report, exit);
        if (broken.length === 0) expect(passed + failed + skipped.length).toBeGreaterThan(0);
        if (exit) expect(failed + broken.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('summarise', () => {
  it('ends with the counts, and names skipped tests with their reasons', () => {
    const skipped = [
      { name: 'a >\n b', reason: 'no browser' },
      { name: 'c', reason: '' },
    ];
    expect(
      summarise(
        new Map([
          ['vitest', suite({ skipped })],
          ['pytest', suite({ failed: 1 })],
        ]),
      ),
    ).toEqual({
      lines: ['skipped: a > b: no browser', 'skipped: c: no reason given', '6 passed, 1 failed, 2 skipped'],
      ok: false,
    });
    expect(summarise(new Map([['vitest', suite()]]))).toEqual({ lines: ['3 passed, 0 failed'], ok: true });
  });

  it('says which suite could not run, and counts it as a failure', () => {
    expect(summarise(new Map([['pytest', suite({ broken: ['exit code 4'] })]]))).toEqual({
      lines: ['could not run: pytest: exit code 4', '3 passed, 1 failed'],
      ok: false,
    });
  });

  it('is not green when nothing passed', () => {
    expect(summarise(new Map())).toEqual({ lines: ['0 passed, 0 failed'], ok: false });
  });

  it('has one line of counts, the last, that adds up and agrees with the verdict', () => {
    fc.assert(
      fc.property(fc.array(anySuite, { maxLength: 4 }), (reports) => {
        const { lines, ok } = summarise(new Map(reports.map((report, index) => [`suite ${index}`, report])));
        const [, passed, failed, skipped = '0'] = LAST_LINE.exec(lines.at(-1) ?? '') ?? [];
        const total = (count: (report: SuiteReport) => number) =>
          reports.reduce((sum, report) => sum + count(report), 0);
        expect(Number(passed)).toBe(total((report) => report.passed));
        expect(Number(skipped)).toBe(total((report) => report.skipped.length));
        expect(Number(failed)).toBe(total((report) => report.failed + (report.broken.length > 0 ? 1 : 0)));
        expect(ok).toBe(failed === '0' && passed !== '0');
        for (const line of lines) expect(line).not.toContain('\n');
        expect(lines.slice(0, -1).filter((line) => LAST_LINE.test(line))).toEqual([]);
      }),
    );
  });
});
