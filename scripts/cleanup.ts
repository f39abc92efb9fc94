/** `npm run cleanup [-- --stage NAME]`: does now what the schedule does every hour. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { OperatorError, readArguments, runCommand } from './lib/arguments.ts';
import { findTarget } from './lib/target.ts';

await runCommand(async () => {
  const { values } = readArguments({ stage: { type: 'string' } });
  const { lambda, outputs, name } = await findTarget(values.stage);
  const answer = await lambda.send(new InvokeCommand({ FunctionName: outputs.CleanupFunctionName }));
  const text = answer.Payload?.transformToString() ?? '';
  if (answer.FunctionError) throw new OperatorError(`clean-up of ${name} failed: ${text}`);
  const { removed, failed } = JSON.parse(text) as { removed: number; failed: number };
  console.log(`[Cleanup] Removed ${removed} files`);
  if (failed)
    console.log(`${failed} could not be removed; the function's log says why, the next run tries again.`);
  return 0;
});
