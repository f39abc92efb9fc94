/**
 * `npm run rebuild [-- --stage NAME] [--accept-step-back a,b] [--again]`: does now what the schedule does every
 * week, and tells how it goes. Without a stage also `[--only a,b]`.
 */
import { randomUUID } from 'node:crypto';
import { readArguments, runCommand, UsageError } from './lib/arguments.ts';
import { lendRegistry } from './lib/lend-registry.ts';
import { setupPaths } from './lib/paths.mjs';
import { indexEnvironment } from './lib/python-environments.mjs';
import { renew } from './lib/renew.ts';
import { createRenewPorts } from './lib/renewal-ports.ts';
import { findTarget } from './lib/target.ts';

await runCommand(async () => {
  const { values } = readArguments({
    stage: { type: 'string' },
    only: { type: 'string', default: '' },
    'accept-step-back': { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
  });
  if (values.stage !== undefined && values.only)
    throw new UsageError('--only is for packages on this machine; a stage always gets all of them.');
  const target = await findTarget(values.stage);
  if (values.stage === undefined) {
    const { RebuildFunctionName = '' } = target.outputs;
    await lendRegistry(target.lambda, RebuildFunctionName, indexEnvironment(setupPaths(), process.env));
  }
  const order = {
    request: randomUUID(),
    only: namesIn(values.only),
    accepted: namesIn(values['accept-step-back']),
  };
  await renew(order, { again: values.again }, createRenewPorts(target));
  return 0;
});

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
