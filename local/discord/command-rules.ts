/**
 * What Discord refuses when commands are registered, beyond its published schema.
 * Source: https://discord.com/developers/docs/interactions/application-commands
 */
import { FormErrors, type Path } from './errors.ts';
import { asText, isObject, type Json, objects } from './json.ts';
import { validate } from './spec.ts';

export const COMMAND = { chat: 1, user: 2, message: 3 } as const;
export const OPTION = {
  subcommand: 1,
  group: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  number: 10,
  attachment: 11,
} as const;

const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const MAX_CHARACTERS = 8_000;
const MAX_OPTIONS = 25;
/** Global commands of each kind; 15 for context menus since March 2026. */
const MAX_COMMANDS: Readonly<Record<number, number>> = {
  [COMMAND.chat]: 100,
  [COMMAND.user]: 15,
  [COMMAND.message]: 15,
};

/** @throws DiscordError 50035 naming every command and field that is wrong */
export function checkCommands(body: unknown): Json[] {
  const errors = new FormErrors();
  if (!Array.isArray(body) || !body.every(isObject)) {
    errors.add([], 'LIST_TYPE_CONVERT', 'Expected a list of commands.');
    errors.throwIfAny();
  }
  const commands = (body as Json[]).map((command) => ({ type: COMMAND.chat, ...command }) as Json);
  for (const [index, command] of commands.entries()) {
    validate('command', schemaForm(command), [index]);
    checkCommand(command, [index], errors);
  }
  for (const [type, max] of Object.entries(MAX_COMMANDS)) {
    const names = commands.filter((command) => command.type === Number(type)).map(({ name }) => name);
    if (names.length > max) {
      errors.add(
        [],
        'APPLICATION_COMMANDS_MAX',
        `At most ${max} commands of type ${type}; got ${names.length}.`,
      );
    }
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) errors.add([], 'APPLICATION_COMMANDS_DUPLICATE_NAME', `Two commands are named "${twice}".`);
  }
  errors.throwIfAny();
  return commands;
}

/** The documentation says string for the permissions' bit set, the schema number: the API takes both. */
function schemaForm(command: Json): Json {
  const permissions = asText(command.default_member_permissions);
  return permissions && /^\d+$/.test(permissions)
    ? { ...command, default_member_permissions: Number(permissions) }
    : command;
}

function checkCommand(command: Json, path: Path, errors: FormErrors): void {
  const { type, name, description, options } = command;
  if (type === COMMAND.chat) {
    checkName(name, [...path, 'name'], errors);
    if (!description) errors.add([...path, 'description'], 'BASE_TYPE_REQUIRED', 'This field is required');
  } else {
    if (description) {
      errors.add(
        [...path, 'description'],
        'APPLICATION_COMMAND_INVALID',
        'Context menu commands have no description',
      );
    }
    if (objects(options).length > 0) {
      errors.add(
        [...path, 'options'],
        'APPLICATION_COMMAND_INVALID',
        'Context menu commands have no options',
      );
    }
  }
  checkOptions(options, path, 0, errors);
  const characters = countCharacters(command);
  if (characters > MAX_CHARACTERS) {
    errors.add(
      path,
      'APPLICATION_COMMAND_TOO_LARGE',
      `Names, descriptions and values have ${characters} characters in total; ${MAX_CHARACTERS} are allowed.`,
    );
  }
}

function checkName(name: unknown, path: Path, errors: FormErrors): void {
  const text = asText(name) ?? '';
  if (!NAME.test(text) || text !== text.toLowerCase()) {
    errors.add(path, 'APPLICATION_COMMAND_INVALID_NAME', `Command name is invalid: "${text}"`);
  }
}

/** @param depth 0 for a command's own options; only there may a group of subcommands stand */
function checkOptions(options: unknown, parent: Path, depth: number, errors: FormErrors): void {
  const list = objects(options);
  const path: Path = [...parent, 'options'];
  if (list.length > MAX_OPTIONS)
    errors.add(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_OPTIONS} or fewer in length.`);
  const isNested = ({ type }: Json): boolean => type === OPTION.subcommand || type === OPTION.group;
  if (list.some(isNested) && !list.every(isNested)) {
    errors.add(
      path,
      'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
      'Sub-commands and plain options cannot be mixed.',
    );
  }
  let sawOptional = false;
  for (const [index, option] of list.entries()) {
    const here: Path = [...path, index];
    checkName(option.name, [...here, 'name'], errors);
    if (list.findIndex(({ name }) => name === option.name) !== index) {
      errors.add(
        [...here, 'name'],
        'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
        'Option name already exists',
      );
    }
    if (isNested(option)) {
      const isTooDeep = depth >= 2 || (depth === 1 && option.type === OPTION.group);
      if (isTooDeep)
        errors.add(here, 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID', 'Only one level of groups.');
      else checkOptions(option.options, here, option.type === OPTION.group ? 1 : 2, errors);
      continue;
    }
    if (option.required && sawOptional) {
      errors.add(
        here,
        'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        'Required options come before optional ones.',
      );
    }
    sawOptional ||= !option.required;
    checkValues(option, here, errors);
  }
}

function checkValues(option: Json, path: Path, errors: FormErrors): void {
  const choices = objects(option.choices);
  if (choices.length > 0 && option.autocomplete) {
    errors.add(
      path,
      'APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID',
      'An option has choices or autocomplete, not both.',
    );
  }
  if (new Set(choices.map(({ name }) => name)).size < choices.length) {
    errors.add(
      [...path, 'choices'],
      'APPLICATION_COMMAND_OPTIONS_CHOICE_NAMES',
      'Two choices have the same name.',
    );
  }
  for (const [low, high] of [
    ['min_length', 'max_length'],
    ['min_value', 'max_value'],
  ] as const) {
    const [min, max] = [option[low], option[high]];
    if (typeof min === 'number' && typeof max === 'number' && min > max) {
      errors.add([...path, low], 'NUMBER_TYPE_MAX', `${low} is larger than ${high}.`);
    }
  }
}

function countCharacters({ name, description, options, choices, value }: Json): number {
  const own = [name, description, value].reduce((sum: number, text) => sum + (asText(text)?.length ?? 0), 0);
  return [...objects(options), ...objects(choices)].reduce((sum, inner) => sum + countCharacters(inner), own);
}
