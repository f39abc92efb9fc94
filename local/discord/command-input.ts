/**
 * What Discord's client does with a command before it is sent: finds it, checks its options, resolves
 * attachments. Source: https://discord.com/developers/docs/interactions/application-commands
 */
import type { APIAttachment } from 'discord-api-types/v10';
import { OPTION } from './command-rules.ts';
import { ClientRefusal } from './errors.ts';
import { asText, type Json, objects } from './json.ts';
import type { AttachmentInput, Uploads } from './uploads.ts';

export type OptionValue = string | number | boolean | AttachmentInput;

export interface CommandInput {
  /** With its subcommand where it has some: `file get`. */
  readonly name: string;
  readonly options?: Readonly<Record<string, OptionValue | undefined>>;
  /** Send it even where it, or an option of it, is not registered: for tests. */
  readonly allowUnknown?: boolean;
}

interface PreparedCommand {
  readonly data: Json;
  /** The words behind the slash. */
  readonly title: string;
}

const BASIC = { string: 3, integer: 4, boolean: 5, number: 10, attachment: 11 } as const;

/**
 * @param focused the option that is being typed, for autocomplete: nothing else is checked then
 * @throws ClientRefusal with the words that the person would read
 */
export async function prepareCommand(
  commands: readonly Json[],
  { name, options = {}, allowUnknown = false }: CommandInput,
  uploads: Uploads,
  focused?: string,
): Promise<PreparedCommand> {
  const [root = '', ...words] = name.split(' ');
  const command = commands.find((candidate) => candidate.name === root && (candidate.type ?? 1) === 1);
  if (!command && !allowUnknown) throw new ClientRefusal(`There is no command /${root}.`);
  const { rules, path } = descend(command, words);
  const given = Object.entries(options).filter(
    (entry): entry is [string, OptionValue] => entry[1] !== undefined,
  );
  if (!allowUnknown && !focused) checkOptions(rules, Object.fromEntries(given), name);
  const attachments: Record<string, APIAttachment> = {};
  const values: Json[] = [];
  for (const [option, value] of given) {
    const rule = rules.find((candidate) => candidate.name === option);
    const type = Number(rule?.type ?? typeFor(value));
    values.push({
      name: option,
      type,
      value: await sentValue(value, uploads, attachments),
      ...(option === focused && { focused: true }),
    });
  }
  const isResolved = Object.keys(attachments).length > 0;
  return {
    title: name,
    data: {
      id: command?.id ?? '0',
      name: root,
      type: 1,
      ...nest(path, values),
      ...(isResolved && { resolved: { attachments } }),
    },
  };
}

/** Follows subcommand names to the options that apply. */
function descend(command: Json | undefined, words: readonly string[]): { rules: Json[]; path: Json[] } {
  let rules = objects(command?.options);
  const path: Json[] = [];
  for (const word of words) {
    const next = rules.find(
      ({ name, type }) => name === word && (type === OPTION.subcommand || type === OPTION.group),
    );
    if (!next && command) throw new ClientRefusal(`/${asText(command.name)} has no subcommand "${word}".`);
    path.push({ name: word, type: next?.type ?? OPTION.subcommand });
    rules = objects(next?.options);
  }
  if (rules.some(({ type }) => type === OPTION.subcommand || type === OPTION.group)) {
    throw new ClientRefusal(`Choose what /${asText(command?.name)} should do.`);
  }
  return { rules, path };
}

function nest(path: readonly Json[], values: Json[]): { options?: Json[] } {
  if (path.length === 0) return values.length > 0 ? { options: values } : {};
  return { options: path.reduceRight<Json[]>((inner, step) => [{ ...step, options: inner }], values) };
}

function checkOptions(
  rules: readonly Json[],
  given: Readonly<Record<string, OptionValue>>,
  name: string,
): void {
  for (const option of Object.keys(given)) {
    if (!rules.some((rule) => rule.name === option)) {
      throw new ClientRefusal(`/${name} has no option "${option}".`);
    }
  }
  for (const rule of rules) {
    const value = given[String(rule.name)];
    if (value === undefined || value === '') {
      if (rule.required) throw new ClientRefusal(`"${rule.name}": This option is required. Specify a value.`);
    } else {
      const problem = checkValue(rule, value);
      if (problem) throw new ClientRefusal(`"${rule.name}": ${problem}`);
    }
  }
}

function checkValue(rule: Json, value: OptionValue): string | undefined {
  if (rule.type !== typeFor(value) && !(rule.type === BASIC.number && typeof value === 'number')) {
    return 'This is not a value of the right kind.';
  }
  const {
    min_length: shortest = 0,
    max_length: longest = 6_000,
    min_value: min,
    max_value: max,
  } = rule as {
    min_length?: number;
    max_length?: number;
    min_value?: number;
    max_value?: number;
  };
  if (typeof value === 'string' && (value.length < shortest || value.length > longest)) {
    return `Must be between ${shortest} and ${longest} characters long; this has ${value.length}.`;
  }
  if (
    typeof value === 'number' &&
    ((min !== undefined && value < min) || (max !== undefined && value > max))
  ) {
    return `Must be between ${min ?? 'any'} and ${max ?? 'any'}.`;
  }
  const choices = objects(rule.choices);
  if (choices.length > 0 && !choices.some((choice) => choice.value === value))
    return 'Choose one of the list.';
  return undefined;
}

function typeFor(value: OptionValue): number {
  switch (typeof value) {
    case 'string':
      return BASIC.string;
    case 'boolean':
      return BASIC.boolean;
    case 'number':
      return Number.isInteger(value) ? BASIC.integer : BASIC.number;
    default:
      return BASIC.attachment;
  }
}

async function sentValue(
  value: OptionValue,
  uploads: Uploads,
  attachments: Record<string, APIAttachment>,
): Promise<string | number | boolean> {
  if (typeof value !== 'object') return value;
  const attachment = await uploads.take(value);
  attachments[attachment.id] = attachment;
  return attachment.id;
}
