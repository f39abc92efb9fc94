/** `npm run format`: mends what `npm run check` finds and a tool can mend. */
import { nodeTool } from './lib/node-tool.ts';
import { PROJECT_ROOT, setupPaths } from './lib/paths.mjs';
import { runProgram } from './lib/run-program.ts';

const python = setupPaths().python('dev');
const commands: readonly [string, ...string[]][] = [
  [...nodeTool('@biomejs/biome', 'biome'), 'check', '--write'],
  [python, '-m', 'ruff', 'check', '--fix', '.'],
  [python, '-m', 'ruff', 'format', '.'],
];
for (const [program, ...args] of commands) {
  const { problem } = await runProgram(program, args, { cwd: PROJECT_ROOT, env: process.env });
  if (problem) process.exitCode = 1;
}
