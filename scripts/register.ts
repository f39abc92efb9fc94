/** `npm run register -- --stage NAME`: tells Discord the stage's commands, all in one request. */
import { readStage } from '../infra/stage-file.ts';
import { readArguments, runCommand } from './lib/arguments.ts';
import { withAwsErrors } from './lib/aws-errors.ts';
import { findBotToken } from './lib/bot-token.ts';
import { createApplication } from './lib/discord-application.ts';
import { requireStage } from './lib/require-stage.ts';

await runCommand(() => withAwsErrors(main));

async function main(): Promise<number> {
  const { values } = readArguments({ stage: { type: 'string' } });
  const { stage, region, discord } = readStage(requireStage(values.stage));
  const token = await findBotToken({ stage, region });
  const application = createApplication({ token, stage, discord, apiBase: process.env.DISCORD_API_BASE });
  await application.check();
  console.log(`Registered ${await application.register()} commands for stage "${stage}".`);
  return 0;
}
