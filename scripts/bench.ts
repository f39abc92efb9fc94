/** `npm run bench`: what runs and packages cost on this machine, against what they would cost otherwise. */
import { join } from 'node:path';
import { OperatorError, runCommand } from './lib/arguments.ts';
import { PROJECT_ROOT, setupPaths } from './lib/paths.mjs';
import { runProgram } from './lib/run-program.ts';
import { ensureSetup } from './setup.mjs';

await runCommand(async () => {
  const { python, packages } = await ensureSetup({ need: ['node', 'tools', 'executor', 'bundles'] });
  if (!packages) throw new OperatorError('the packages are not built; run: node scripts/setup.mjs packages');
  const paths = setupPaths();
  // A caller's setting of this kind makes Python start without byte code, and every ratio too good.
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  const end = await runProgram(
    python.executor,
    [
      ...['-s', join(PROJECT_ROOT, 'scripts', 'bench', 'main.py')],
      ...['--cache', join(paths.home, 'bench'), '--environment', packages, '--uv', paths.uv],
      ...process.argv.slice(2),
    ],
    // npm runs scripts in the project's folder; paths are meant from where the person stands.
    { cwd: process.env.INIT_CWD ?? process.cwd(), env },
  );
  if (end.problem) console.error(`[bench] ${end.problem}`);
  return end.problem ? 1 : 0;
});
