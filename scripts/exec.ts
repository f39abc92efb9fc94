/** `npm run exec -- FILE.py …`: one run through the real executor, without Discord or the embedded AWS. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startFirstUseOfSetup } from '../local/packages/start-first-use.ts';
import { OperatorError, runCommand } from './lib/arguments.ts';
import { PROJECT_ROOT, setupPaths } from './lib/paths.mjs';
import { ensureSetup } from './setup.mjs';

await runCommand(async () => {
  const { python, packages } = await ensureSetup({ need: ['node', 'executor', 'packages'] });
  if (!packages) throw new OperatorError('the packages are not built; run: node scripts/setup.mjs packages');
  const firstUse = await startFirstUseOfSetup({
    paths: setupPaths(),
    packages,
    env: process.env,
    onProblem: console.error,
    onActivity: (activity) => activity && console.error(activity),
  });
  const child = spawn(
    python.executor,
    [
      ...['-E', '-s'],
      join(PROJECT_ROOT, 'functions', 'executor', 'cli.py'),
      ...['--layer-root', join(packages, 'layer')],
      ...['--packages', pathToFileURL(packages).href],
      ...['--first-use', firstUse.url],
      ...process.argv.slice(2),
    ],
    // npm runs scripts in the project's folder; paths are meant from where the person stands.
    { cwd: process.env.INIT_CWD ?? process.cwd(), stdio: 'inherit' },
  );
  // Ctrl-C reaches the child by itself, which ends its run; we only wait for it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  await firstUse.close();
  return code ?? 1;
});
