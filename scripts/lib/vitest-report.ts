/**
 * A vitest reporter that writes what `npm test` counts. Vitest's own JSON report knows neither the reasons of
 * skipped tests nor errors outside of tests.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import type { SuiteReport } from './test-counts.ts';

/** Names the file to write: vitest's command line has no options for a reporter of one's own. */
export const REPORT_VARIABLE = 'SLASHBOX_TEST_REPORT';

type UnhandledErrors = Parameters<NonNullable<Reporter['onTestRunEnd']>>[1];

export default class CountingReporter implements Reporter {
  #root = process.cwd();

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: UnhandledErrors): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const withState = (state: string) => tests.filter((test) => test.result().state === state);
    // A test that never got its turn, because the run was broken off, did not pass.
    const unfinished = withState('pending').length;
    const report: SuiteReport = {
      passed: withState('passed').length,
      failed: withState('failed').length + unfinished,
      skipped: withState('skipped').map((test) => ({ name: test.fullName, reason: reasonOf(test) })),
      broken: [
        ...modules.flatMap((module) => this.#problemsOf(module)),
        ...unhandled.map((error) => error.message),
      ],
    };
    const file = process.env[REPORT_VARIABLE];
    if (file) fs.writeFileSync(file, JSON.stringify(report));
  }

  #problemsOf(module: TestModule): string[] {
    const name = path.relative(this.#root, module.moduleId);
    const suites = [...module.children.allSuites()];
    const errors = [...module.errors(), ...suites.flatMap((suite) => suite.errors())];
    return errors.map((error) => `${name}: ${error.message}`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  return test.options.mode === 'todo' ? 'not written yet' : '';
}
