/** `npm test [-- FILTER…]`: every suite (or the files whose path holds a FILTER), then one line of counts. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installerEnvironment } from './lib/installer-environment.mjs';
import { PROJECT_ROOT, setupPaths } from './lib/paths.mjs';
import { runProgram } from './lib/run-program.ts';
import { readSuiteReport, type SuiteReport, summarise } from './lib/test-counts.ts';
import { findTestFiles, type Runner } from './lib/test-files.ts';
import { REPORT_VARIABLE } from './lib/vitest-report.ts';
import { ensureSetup } from './setup.mjs';

const filters = process.argv.slice(2);
const option = filters.find((filter) => filter.startsWith('-'));
if (option !== undefined) {
  refuse(
    `npm test takes parts of test files' paths, not options: ${option}. To pass options, call npx vitest.`,
  );
}
const files = findTestFiles(PROJECT_ROOT, filters);
if (filters.length > 0 && files.vitest.length + files.pytest.length === 0) {
  refuse(`No test file's path holds ${filters.join(' or ')}.`);
}

// A caller's PYTHONPATH and the like would have the tests look at something other than the project.
const env: NodeJS.ProcessEnv = installerEnvironment(process.env);
const { packages } = await ensureSetup({ need: [] });
if (packages) env.SLASHBOX_TEST_LAYER_ROOT = path.join(packages, 'layer');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slashbox-test-'));
const suites = new Map<string, SuiteReport>();
try {
  for (const runner of ['vitest', 'pytest'] as const) {
    if (filters.length > 0 && files[runner].length === 0) continue;
    const file = path.join(folder, `${runner}.json`);
    const [program, ...args] = commandOf(runner, file, filters.length > 0 ? files[runner] : []);
    const end = await runProgram(program, args, {
      cwd: PROJECT_ROOT,
      env: { ...env, [REPORT_VARIABLE]: file },
    });
    const report = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
    suites.set(runner, readSuiteReport(report, end.problem ?? (end.interrupted ? 'interrupted' : undefined)));
    if (end.interrupted) break;
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
const { lines, ok } = summarise(suites);
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exitCode = ok ? 0 : 1;

function commandOf(runner: Runner, report: string, chosen: readonly string[]): [string, ...string[]] {
  const library = path.join(PROJECT_ROOT, 'scripts', 'lib');
  if (runner === 'pytest') {
    return [setupPaths().python('dev'), path.join(library, 'run_pytest.py'), report, ...chosen];
  }
  const vitest = path.join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${path.join(library, 'vitest-report.ts')}`];
  return [process.execPath, vitest, 'run', ...reporters, ...chosen];
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
