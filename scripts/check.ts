/** `npm run check`: format, lint, types (TypeScript and Python), dead code, and the project's own rules. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeTool } from './lib/node-tool.ts';
import { PROJECT_ROOT, setupPaths } from './lib/paths.mjs';
import { checkFiles, checkNpmLock, listProjectFiles } from './lib/project-rules.ts';
import { runTasks, type Task } from './lib/tasks.ts';

const python = setupPaths().python('dev');
// The slow ones first: the others fit beside them.
const tasks: readonly Task[] = [
  { name: 'types (mypy)', run: [python, '-m', 'mypy', '.'] },
  { name: 'types (tsc)', run: [...nodeTool('typescript', 'tsc'), '--noEmit'] },
  // Code for browsers, whose globals differ.
  {
    name: "the page's types (tsc)",
    run: [...nodeTool('typescript', 'tsc'), '-p', 'local/playground/page/jsconfig.json'],
  },
  { name: 'dead code (knip)', run: [...nodeTool('knip'), '--no-progress'] },
  {
    name: 'format and lint (biome)',
    run: [...nodeTool('@biomejs/biome', 'biome'), 'ci', '--error-on-warnings', '--colors=off'],
  },
  { name: 'lint (ruff)', run: [python, '-m', 'ruff', 'check', '.'] },
  { name: 'format (ruff)', run: [python, '-m', 'ruff', 'format', '--check', '.'] },
  { name: 'project rules', run: checkProject },
];

const width = Math.min(tasks.length, os.availableParallelism());
const outcomes = await runTasks(tasks, PROJECT_ROOT, width, ({ name, ok, output, seconds }) => {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (!ok) console.log(`${output}\n`);
});
const failed = outcomes.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(failed.length === 0 ? `${tasks.length} checks passed` : `failed: ${failed.join(', ')}`);
if (failed.length > 0) console.log('`npm run format` mends what can be mended by itself.');
process.exitCode = failed.length === 0 ? 0 : 1;

function checkProject(): readonly string[] {
  const lock = checkNpmLock(fs.readFileSync(path.join(PROJECT_ROOT, 'package-lock.json'), 'utf8'));
  const files = listProjectFiles(PROJECT_ROOT);
  if (!files) console.log('not a git checkout: what would be committed is not checked');
  return [...lock, ...checkFiles(PROJECT_ROOT, files ?? [])];
}
