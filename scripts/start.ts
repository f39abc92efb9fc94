/** `npm start`: the whole system on this machine, until Ctrl-C. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createLog } from '../functions/shared/log.ts';
import { readSettings } from '../local/settings.ts';
import { startSlashbox } from '../local/slashbox.ts';
import { OperatorError, readArguments, runCommand } from './lib/arguments.ts';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { explainStartError } from './lib/start-errors.ts';
import { ensureSetup } from './setup.mjs';

await runCommand(async () => {
  readArguments({});
  const settings = readSettings(process.env, PROJECT_ROOT);
  const setup = await ensureSetup({ need: ['node', 'cloud', 'executor', 'packages'] });
  if (!setup.packages)
    throw new OperatorError('the packages are not built; run: node scripts/setup.mjs packages');
  const explain = (error: unknown): never => {
    throw explainStartError(error, settings);
  };
  await mkdir(settings.home, { recursive: true }).catch(explain);
  const logFile = join(settings.home, 'slashbox.log');
  const sink = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const interrupt = onSignal();

  const system = await startSlashbox({
    settings,
    projectDir: PROJECT_ROOT,
    python: setup.python,
    packages: setup.packages,
    log: createLog({}, (line) => sink.write(`${new Date().toISOString()} ${line}\n`)),
    onStep: (text) => text !== 'ready' && console.log(`${text} …`),
    onActivity: (text) => console.log(text),
    signal: interrupt,
  }).catch((error: unknown) => {
    if (!interrupt.aborted) explain(error);
  });
  if (!system) return 130;
  console.log(`Slashbox is ready.
  playground  ${system.url}
  endpoint    ${system.url}interactions
  log         ${relative(process.cwd(), logFile)}
Ctrl-C stops everything.`);
  const failure = await Promise.race([system.failed, once(interrupt, 'abort').then(() => undefined)]);
  if (failure) console.error(`error: ${failure}`);
  console.log('Stopping …');
  await system.stop();
  sink.end();
  return failure ? 1 : 0;
});

/** Aborts at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function onSignal(): AbortSignal {
  const controller = new AbortController();
  const handle = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return controller.signal;
}
