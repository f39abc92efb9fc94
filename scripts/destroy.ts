/** `npm run destroy -- --stage NAME [--dry-run] [--yes]`: takes a stage down, users' files with it. */
import { createInterface } from 'node:readline/promises';
import { botTokenParameterOf, layerNameOf, layerParameterOf, stackNameOf } from '../infra/names.ts';
import { readStage } from '../infra/stage-file.ts';
import { OperatorError, readArguments, runCommand } from './lib/arguments.ts';
import { withAwsErrors } from './lib/aws-errors.ts';
import { createCloud } from './lib/deploy/cloud.ts';
import { requireStage } from './lib/require-stage.ts';
import { createTearDownClients, tearDown } from './lib/tear-down.ts';

await runCommand(() => withAwsErrors(main));

async function main(): Promise<number> {
  const { values } = readArguments({
    stage: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  });
  const config = readStage(requireStage(values.stage));
  const { stage, region } = config;
  const account = await createCloud(config).account();
  console.log(
    [
      `Stage "${stage}" in ${region}, account ${account}. This deletes`,
      `  the stack ${stackNameOf(stage)} with every user's files, and its logs`,
      `  the pointer ${layerParameterOf(stage)} and all versions of the layer ${layerNameOf(stage)}`,
      `It leaves the account's CDK bootstrap, the commands at Discord, and ${botTokenParameterOf(stage)} if you made it.`,
    ].join('\n'),
  );
  if (values['dry-run']) return 0;
  if (!values.yes) await confirm(stage);
  await tearDown({ stage, clients: createTearDownClients(region), say: (line) => console.log(`  ${line}`) });
  console.log(`Stage "${stage}" is gone.`);
  return 0;
}

async function confirm(stage: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new OperatorError('nobody is here to confirm. Add --yes to delete the stage without asking.');
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await lines.question(`Type ${stage} to delete it: `);
    if (answer.trim() !== stage) throw new OperatorError('nothing was deleted.');
  } finally {
    lines.close();
  }
}
