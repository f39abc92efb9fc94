/** `npm run rollback [-- --stage NAME] [--to ID]`: puts an earlier package environment in force again. */
import { readArguments, runCommand } from './lib/arguments.ts';
import { askPromote } from './lib/renewal-ports.ts';
import { findTarget } from './lib/target.ts';

await runCommand(async () => {
  const { values } = readArguments({ stage: { type: 'string' }, to: { type: 'string' } });
  const target = await findTarget(values.stage);
  const order = { rollBack: true, ...(values.to !== undefined && { to: values.to }) };
  const { outcome, environment } = await askPromote(target, order);
  console.log(
    outcome === 'in force'
      ? `The environment ${environment} is in force already.`
      : `The environment ${environment} is in force again.`,
  );
  return 0;
});
