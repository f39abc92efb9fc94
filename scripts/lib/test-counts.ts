/** What the suites of `npm test` found, from their machine-readable reports, and the words for it. */
import { z } from 'zod';

export interface SuiteReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  /** Why the suite as a whole is not to be trusted: a file that cannot be loaded, an error outside of tests. */
  readonly broken: readonly string[];
}

export interface SkippedTest {
  readonly name: string;
  readonly reason: string;
}

const REPORT = z.strictObject({
  passed: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  skipped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  broken: z.array(z.string()),
});

/**
 * One suite's outcome: its report and how its process ended have to agree, or the suite is broken.
 * @param text the report's JSON, undefined when none was written
 * @param exit how the process ended, in words, undefined when it ended with exit code 0
 */
export function readSuiteReport(text: string | undefined, exit: string | undefined): SuiteReport {
  const report = parseReport(text);
  if (!report) return { passed: 0, failed: 0, skipped: [], broken: [`no report, ${exit ?? 'exit code 0'}`] };
  const { passed, failed, skipped, broken } = report;
  if (broken.length > 0) return report;
  if (passed + failed + skipped.length === 0) return { ...report, broken: ['no tests ran'] };
  if (exit !== undefined && failed === 0) return { ...report, broken: [exit] };
  return report;
}

export interface Summary {
  /** The lines to end with, the counts last. */
  readonly lines: readonly string[];
  readonly ok: boolean;
}

/** A suite that could not run counts as one failure, so that the last line never looks green. */
export function summarise(suites: ReadonlyMap<string, SuiteReport>): Summary {
  const reports = [...suites];
  const skipped = reports.flatMap(([, report]) => report.skipped);
  const broken = reports.filter(([, report]) => report.broken.length > 0);
  const passed = sum(reports.map(([, report]) => report.passed));
  const failed = sum(reports.map(([, report]) => report.failed)) + broken.length;
  const counts = `${passed} passed, ${failed} failed`;
  return {
    lines: [
      ...skipped.map(
        ({ name, reason }) => `skipped: ${oneLine(name)}: ${oneLine(reason) || 'no reason given'}`,
      ),
      ...broken.map(([name, report]) => `could not run: ${name}: ${report.broken.map(oneLine).join('; ')}`),
      skipped.length > 0 ? `${counts}, ${skipped.length} skipped` : counts,
    ],
    ok: failed === 0 && passed > 0,
  };
}

function parseReport(text: string | undefined): SuiteReport | undefined {
  if (text === undefined) return undefined;
  try {
    return REPORT.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}
