/**
 * The slash commands as Discord gets them: registered in one bulk PUT, shown by GET /commands.json.
 * Numbers are Discord's own (https://discord.com/developers/docs/interactions/application-commands).
 */
import type { RESTPutAPIApplicationCommandsJSONBody } from 'discord-api-types/v10';

/** Option types, from ApplicationCommandOptionType; importing the enum would load 90 kB at run time. */
const STRING = 3;
const BOOLEAN = 5;
const ATTACHMENT = 11;
const CHAT_INPUT = 1;

/** In servers, in direct messages with the bot, and in private channels of those who installed it. */
const everywhere = { integration_types: [0, 1], contexts: [0, 1, 2] };

/** Discord's own ceiling for a string option. */
export const MAX_OPTION_TEXT = 6_000;

export const COMMANDS: RESTPutAPIApplicationCommandsJSONBody = [
  {
    ...everywhere,
    type: CHAT_INPUT,
    name: 'run',
    description: 'Run Python code and get the output, charts and files',
    options: [
      {
        type: STRING,
        name: 'code',
        description: 'One line of code. Leave empty to open an editor for more',
        max_length: MAX_OPTION_TEXT,
      },
      {
        type: ATTACHMENT,
        name: 'attach',
        description: 'A .py script or .ipynb notebook to run, or a data file for your code',
      },
      { type: STRING, name: 'stdin', description: 'Text that input() reads', max_length: MAX_OPTION_TEXT },
      { type: BOOLEAN, name: 'private', description: 'Show the result only to you' },
    ],
  },
  {
    ...everywhere,
    type: CHAT_INPUT,
    name: 'upload',
    description: 'Keep files for 48 hours, to use in your code by name',
    options: [
      { type: ATTACHMENT, name: 'file', description: 'The file to keep. Leave empty to choose up to 10' },
    ],
  },
  { ...everywhere, type: CHAT_INPUT, name: 'files', description: 'List the files you have stored' },
];
