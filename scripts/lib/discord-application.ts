/** The operator's application at Discord: is it the stage's, and which commands does it have. */
import { DiscordAPIError, REST } from '@discordjs/rest';
import { type APIApplication, type RESTPutAPIApplicationCommandsResult, Routes } from 'discord-api-types/v10';
import { COMMANDS } from '../../functions/shared/commands.ts';
import type { StageConfig } from '../../infra/config.ts';
import { OperatorError } from './arguments.ts';
import type { DiscordPort } from './deploy/deploy-stage.ts';

export interface ApplicationOptions {
  /** Sent to Discord and nowhere else: not to a log, not to AWS. */
  readonly token: string;
  readonly stage: string;
  readonly discord: StageConfig['discord'];
  /** As in DISCORD_API_BASE. @default Discord itself */
  readonly apiBase?: string | undefined;
}

/** @throws OperatorError where the token cannot be one, without sending it */
export function createApplication({ token, stage, discord, apiBase }: ApplicationOptions): DiscordPort {
  // Anything else could not be sent as a header, and the error about it would show it.
  if (!/^[\w.-]{20,200}$/.test(token)) {
    throw new OperatorError(
      'the bot token does not look like one. Copy it again from the developer portal, page Bot.',
    );
  }
  const rest = new REST({ version: '10', ...(apiBase && { api: apiBase.replace(/\/+$/, '') }) }).setToken(
    token,
  );
  const source = `infra/stages/${stage}.json`;
  return {
    async check() {
      const application = (await explained(() => rest.get('/applications/@me'))) as Partial<APIApplication>;
      if (application.id !== discord.applicationId) {
        throw new OperatorError(
          `the bot token belongs to the application ${application.id}, but ${source} names ${discord.applicationId}.`,
        );
      }
      if (application.verify_key !== discord.publicKey) {
        throw new OperatorError(
          `discord.publicKey in ${source} is not this application's: Discord says ${application.verify_key}.`,
        );
      }
    },

    // One request that sets all of them, so that repeating it changes nothing.
    async register() {
      const route = Routes.applicationCommands(discord.applicationId);
      const registered = await explained(() => rest.put(route, { body: COMMANDS }));
      return (registered as RESTPutAPIApplicationCommandsResult).length;
    },
  };
}

async function explained(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof DiscordAPIError)) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperatorError(`Discord could not be reached: ${reason}. Try again in a moment.`);
    }
    if (error.status === 401) {
      throw new OperatorError(
        'Discord does not accept the bot token. Reset it in the developer portal, page Bot, and set the new one.',
      );
    }
    throw new OperatorError(`Discord refused (HTTP ${error.status}): ${error.message}`);
  }
}
