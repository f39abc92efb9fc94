/** Finds the bot's token: in the environment, or in the stage's SSM parameter. It is never written anywhere. */
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { botTokenParameterOf } from '../../infra/names.ts';
import { OperatorError } from './arguments.ts';

export interface BotTokenOptions {
  readonly stage: string;
  readonly region: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** @throws OperatorError that says where it can be put */
export async function findBotToken({
  stage,
  region,
  environment = process.env,
}: BotTokenOptions): Promise<string> {
  const given = environment.DISCORD_BOT_TOKEN?.trim();
  if (given) return given;
  const Name = botTokenParameterOf(stage);
  try {
    const command = new GetParameterCommand({ Name, WithDecryption: true });
    const value = (await new SSMClient({ region }).send(command)).Parameter?.Value?.trim();
    if (value) return value;
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
  }
  throw new OperatorError(
    `the bot token is needed to register the commands. Set DISCORD_BOT_TOKEN, or store it as the SecureString ${Name} in SSM; it is on the page Bot of the developer portal.`,
  );
}
