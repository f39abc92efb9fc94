/** `npm run deploy -- --stage NAME [--dry-run] [--no-register]`: a stage from this checkout into AWS. */
import { readStage } from '../infra/stage-file.ts';
import { readArguments, runCommand } from './lib/arguments.ts';
import { withAwsErrors } from './lib/aws-errors.ts';
import { findBotToken } from './lib/bot-token.ts';
import { createCloud } from './lib/deploy/cloud.ts';
import { deployStage } from './lib/deploy/deploy-stage.ts';
import { createPackages } from './lib/deploy/packages.ts';
import { createStack } from './lib/deploy/stack.ts';
import { createApplication } from './lib/discord-application.ts';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { requireStage } from './lib/require-stage.ts';

await runCommand(() => withAwsErrors(main));

async function main(): Promise<number> {
  const { values } = readArguments({
    stage: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    'no-register': { type: 'boolean', default: false },
  });
  const config = readStage(requireStage(values.stage));
  const cloud = createCloud(config);
  // Who we are comes first: reading the token may need AWS too.
  await cloud.account();
  const url = await deployStage(
    config,
    {
      cloud,
      packages: createPackages(config, PROJECT_ROOT),
      stack: createStack(config, PROJECT_ROOT),
      discord: values['no-register'] ? undefined : await application(),
      say: console.log,
    },
    { dryRun: values['dry-run'] },
  );
  console.log(
    url
      ? `\nDeployed. Paste this as "Interactions Endpoint URL" on the General Information page of\nhttps://discord.com/developers/applications/${config.discord.applicationId}/information\n\n  ${url}\n`
      : '\nNothing was changed: this was a dry run.',
  );
  return 0;

  async function application() {
    const { stage, discord } = config;
    const token = await findBotToken(config);
    return createApplication({ token, stage, discord, apiBase: process.env.DISCORD_API_BASE });
  }
}
